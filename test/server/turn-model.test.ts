import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { live } from './turn-life.js'
import { happenings } from './turn-plan.js'
import { type Situation, situations } from './turn-world.js'

const numRuns = 1_000
/** The same runs each time; another seed finds others. */
const seed = Number(process.env.LEFTOFF_SEED ?? 19)

/** Met 30 to 60 times, the others more often. A test that no longer gets there shows nothing. */
const rare: readonly Situation[] = [
  'answered from another session',
  'error result after a success',
  'key deleted in mid-turn',
  'process killed in mid-turn',
  'process slept past its lease',
  'stopped slowly',
]
const atLeast = (situation: Situation) => (rare.includes(situation) ? 5 : 20)

describe('whatever happens to the turns of a conversation', () => {
  it('no id is lost that works, nothing is said twice, no context is lost in silence, the key is never kept', async () => {
    const met = new Map<Situation, number>()
    const property = fc.asyncProperty(happenings, async (all) => {
      const world = await live(all)
      expect(world.wrong).toEqual([])
      for (const [situation, count] of world.met) met.set(situation, (met.get(situation) ?? 0) + count)
    })
    await fc.assert(property, { numRuns, seed })
    console.log(situations.map((situation) => `${met.get(situation) ?? 0} × ${situation}`).join('\n'))
    for (const situation of situations) expect(met.get(situation), situation).toBeGreaterThanOrEqual(atLeast(situation))
  }, 300_000)
})
