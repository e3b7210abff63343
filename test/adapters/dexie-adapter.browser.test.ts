import { Dexie } from 'dexie'
import { describe } from 'vitest'
import { dexieBehaviour } from './dexie-behaviour.js'
import { dexieDatabaseBehaviour } from './dexie-database-behaviour.js'

// On localhost Dexie traces every error to the console, also those that a test wants.
Dexie.debug = false

describe('dexieAdapter in a real browser', () => {
  const db = { indexedDB, IDBKeyRange, IDBIndex, IDBObjectStore }
  dexieBehaviour(db)
  dexieDatabaseBehaviour(db)
})
