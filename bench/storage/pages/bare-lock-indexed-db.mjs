import { openDatabase, readRows } from './indexed-db-rows.mjs'
import { measureBare } from './measure-bare.mjs'
import { takeLock } from './take-lock.mjs'

// What the browser itself needs to say that a tab has a conversation that IndexedDB has: one Web Lock, and then its row. The
// database is opened meanwhile.
measureBare(async () => {
  const opening = openDatabase()
  await takeLock()
  return readRows(await opening, 1)
})
