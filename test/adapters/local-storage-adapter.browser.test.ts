import { describe } from 'vitest'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'

describe('localStorageAdapter in a real browser', () => {
  sessionAdapterConformance({
    open: () => localStorageAdapter({ name: 'conformance' }),
    destroy: () => localStorage.clear(),
  })
})
