import { describe } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'

describe('memoryAdapter', () => {
  let adapter = memoryAdapter()
  sessionAdapterConformance({
    open: () => adapter,
    destroy: () => {
      adapter = memoryAdapter()
    },
  })
})
