// First, because Dexie keeps the `then` that it finds when it loads.
import { callsOfThen } from './wrap-then.js'
import 'dexie'
import * as fake from 'fake-indexeddb'
import { describe } from 'vitest'
import { patchedPromiseBehaviour } from './patched-promise-behaviour.js'

describe('dexieAdapter on an IndexedDB in memory', () => {
  patchedPromiseBehaviour(fake, callsOfThen)
})
