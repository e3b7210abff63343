import { describe } from 'vitest'
import { dexieAdapter } from '../../src/adapters/dexie/dexie-adapter.js'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { inMemory } from '../faults/indexed-db.js'
import { describeExactCounts } from '../support/exact-counts.js'

describe('counts, in memory', () => {
  describeExactCounts(() => {
    const adapter = memoryAdapter()
    return { userId: 'u1', isShared: true, open: () => ({ ...adapter, durability: 'committed' }) }
  })
})

describe('counts, in localStorage', () => {
  describeExactCounts(() => ({ userId: 'u1', isShared: false, open: (tab) => localStorageAdapter(tab) }))
})

describe('counts, in IndexedDB', () => {
  describeExactCounts(() => {
    const indexedDb = inMemory()
    return { userId: 'u1', isShared: false, open: () => dexieAdapter(indexedDb) }
  })
})
