import { describe } from 'vitest'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'
import { localStorageHarness } from './local-storage-harness.js'

const harness = localStorageHarness()

describe('localStorageAdapter', () => {
  sessionAdapterConformance({ open: () => harness.open(), destroy: harness.destroy, plant: harness.plant })
})
