import { Dexie } from 'dexie'
import { describe } from 'vitest'
import { dexieAdapter } from '../../src/adapters/dexie/dexie-adapter.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'

describe('dexieAdapter in a real browser', () => {
  sessionAdapterConformance({
    open: () => dexieAdapter({ name: 'conformance' }),
    destroy: () => Dexie.delete('conformance'),
  })
})
