// First, because Dexie keeps the `then` that it finds when it loads.
import { callsOfThen } from './wrap-then.js'
import 'dexie'
import { describe } from 'vitest'
import { patchedPromiseBehaviour } from './patched-promise-behaviour.js'

describe('dexieAdapter in a real browser', () => {
  patchedPromiseBehaviour({ indexedDB, IDBKeyRange, IDBIndex, IDBObjectStore }, callsOfThen)
})
