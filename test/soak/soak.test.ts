import { describe, expect, it } from 'vitest'
import { lockKinds } from './actions.js'
import { describeSummary } from './describe-summary.js'
import { openSeeds } from './open-seeds.js'
import { soak } from './soak.js'
import type { StorageKind } from './store-driver.js'

/** Together about 20 s on an idle core. `npm run test:soak` has 100,000 more. */
const runs: readonly (readonly [StorageKind, number])[] = [
  ['localStorage', 400],
  ['account', 500],
  ['dexie', 120],
]

describe('random tabs, users and failures', { timeout: 180_000 }, () => {
  it.each(runs)('lose, double and mix up nothing on %s', async (storage, count) => {
    const skip = openSeeds.filter((open) => open.storage === storage).map(({ seed }) => seed)
    const summary = await soak({ storage, from: 1, count, skip })
    console.log(`${storage}: ${describeSummary(summary)}`)
    expect(summary.failures.map(({ text }) => text).join('\n\n')).toBe('')
    expect(summary.runs).toBe(count)
  })

  it.each(lockKinds)('lose, double and mix up nothing where locks are %s', async (locks) => {
    const summary = await soak({ storage: 'account', locks, from: 1, count: 50 })
    expect(summary.failures.map(({ text }) => text).join('\n\n')).toBe('')
    expect(summary.effects[`locks: ${locks}`]).toBe(50)
  })

  it.each(openSeeds)('not yet: seed $seed on $storage ($invariant)', async ({ storage, seed, invariant }) => {
    const { failures } = await soak({ storage, from: seed, count: 1 })
    expect(
      failures.map((failure) => failure.invariant),
      'mended: take it off the list',
    ).toEqual([invariant])
  })
})
