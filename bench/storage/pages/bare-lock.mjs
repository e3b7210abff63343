import { measureBare } from './measure-bare.mjs'
import { takeLock } from './take-lock.mjs'

// What the browser itself needs to say that a tab has a conversation: one Web Lock.
measureBare(async () => {
  await takeLock()
  return 1
})
