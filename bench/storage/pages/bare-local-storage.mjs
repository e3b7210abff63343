import { measureBare } from './measure-bare.mjs'

// What the browser itself needs, without any library: the first `getItem`, for which it loads the whole area, and a
// scan of all keys.
measureBare(() => {
  localStorage.getItem('claude-session-storage')
  let keys = 0
  for (let index = 0; index < localStorage.length; index++) if (localStorage.key(index) !== null) keys++
  return keys
})
