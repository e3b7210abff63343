import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { happenings } from './turn-plan.js'
import { live } from './turn-world.js'

describe('whatever happens to the turns of a conversation', () => {
  it('no id is lost that works, nothing is said twice, no context is lost in silence, the key is never kept', async () => {
    const property = fc.asyncProperty(happenings, async (all) => {
      expect(await live(all)).toEqual([])
    })
    await fc.assert(property, { numRuns: 60 })
  }, 120_000)
})
