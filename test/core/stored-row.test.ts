import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxTime } from '../../src/core/checks.js'
import { cursorOf, placeOf } from '../../src/core/stored-row.js'

describe('a cursor', () => {
  it('names its place, whatever the id', () => {
    const places = fc.record({
      rank: fc.oneof(fc.integer({ min: 0, max: maxTime }), fc.constantFrom(0, maxTime)),
      conversationId: fc
        .string({ unit: 'binary', minLength: 1, maxLength: 50 })
        .filter((id) => !/[\0\p{Surrogate}]/u.test(id)),
    })
    fc.assert(
      fc.property(places, (place) => {
        expect(placeOf(cursorOf(place))).toEqual(place)
      }),
      { numRuns: 200 },
    )
  })

  it.each(['', ' ', '1', '1 ', ' c1', '-1 c1', '1e3 c1', `${maxTime + 1} c1`, '1 a\0', `1 ${'x'.repeat(201)}`])(
    'is nothing that no page gave: %j',
    (after) => {
      expect(() => placeOf(after)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    },
  )
})
