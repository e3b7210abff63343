import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextPlace, openPlace, type Place, type PlaceEvent } from '../../src/store/current-conversation.js'

const id = fc.constantFrom('a', 'b', 'c')
const run = fc.integer({ min: 1, max: 4 })
const event: fc.Arbitrary<PlaceEvent> = fc.oneof(
  fc.record({ type: fc.constant('open' as const), run }),
  fc.record({
    type: fc.constant('opened' as const),
    run,
    conversationId: id,
    isResumed: fc.boolean(),
    isHeld: fc.boolean(),
  }),
  fc.record({ type: fc.constant('chose' as const), conversationId: id, isHeld: fc.boolean() }),
  fc.record({ type: fc.constantFrom('lost' as const, 'granted' as const, 'asked' as const), conversationId: id }),
  fc.constant({ type: 'closed' as const }),
)

describe('a place', () => {
  it('follows the last wish and what happens to its own conversation, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let place: Place | undefined
        for (const next of events) {
          const before = place
          place = nextPlace(before, next)
          const shown = openPlace(place)
          switch (next.type) {
            case 'open':
              // What it showed stays shown until the opening has ended.
              expect(place).toEqual({ state: 'opening', run: next.run, before: openPlace(before) })
              break
            case 'opened':
              if (before?.state !== 'opening' || before.run !== next.run) expect(place).toBe(before)
              else {
                const { conversationId, isResumed } = next
                expect(place).toEqual({ state: next.isHeld ? 'held' : 'watching', conversationId, isResumed })
              }
              break
            case 'chose':
              expect(shown).toMatchObject({ conversationId: next.conversationId, isResumed: false })
              expect(place?.state).toBe(next.isHeld ? 'held' : 'watching')
              break
            case 'closed':
              expect(place).toBeUndefined()
              break
            default:
              if (openPlace(before)?.conversationId !== next.conversationId) expect(place).toBe(before)
              else {
                const states = { lost: 'watching', granted: 'held', asked: 'asking' } as const
                expect(shown).toEqual({ ...openPlace(before), state: states[next.type] })
                // Also beside an opening, which may stay with it.
                expect(place?.state === 'opening').toBe(before?.state === 'opening')
              }
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
