import { describe } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../src/core/adapter.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'

describe('memoryAdapter', () => {
  let adapter = memoryAdapter()
  const destroy = () => {
    adapter = memoryAdapter()
  }
  sessionAdapterConformance({ open: () => adapter, destroy })

  describe('as an adapter that tells nothing', () => {
    function silent(): SessionAdapter {
      const { subscribe: _none, ...rest } = adapter
      return rest
    }
    sessionAdapterConformance({ open: silent, destroy })
  })
})
