import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { faulty, setUp } from './tabs.js'

/** A storage like IndexedDB: a resolved save stays, one under way when the page goes is not. */
export function committed(): SessionAdapter {
  return { ...memoryAdapter(), durability: 'committed' }
}

/** Tabs on such a storage, whose failures are in the test's hands. */
export function setUpCommitted() {
  const { adapter, fault, calls } = faulty(committed())
  const setting = setUp({ adapter })
  const journal = () => setting.keys('/journal/')
  return { ...setting, adapter, fault, calls, journal }
}
