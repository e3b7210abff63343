import { describe, expect, it } from 'vitest'
import { describeSummary } from './describe-summary.js'
import { soak } from './soak.js'
import type { StorageKind } from './store-driver.js'

/** Together about 20 s on an idle core. `npm run test:soak` has 100,000 more. */
const runs: readonly (readonly [StorageKind, number])[] = [
  ['localStorage', 1_000],
  ['account', 350],
  ['dexie', 200],
]

describe('random tabs, users and failures', { timeout: 180_000 }, () => {
  it.each(runs)('lose, double and mix up nothing on %s', async (storage, count) => {
    const summary = await soak({ storage, from: 1, count })
    console.log(`${storage}: ${describeSummary(summary)}`)
    expect(summary.failures.map(({ text }) => text).join('\n\n')).toBe('')
    expect(summary.runs).toBe(count)
  })
})
