import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { historyRing } from '../../src/core/ring.js'
import type { ConversationSession } from '../../src/core/session.js'
import { session } from '../support/session.js'

type Action =
  | { readonly do: 'touch'; readonly id: string; readonly workspace: string; readonly at: number }
  | { readonly do: 'remove'; readonly id: string }

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    do: fc.constant('touch' as const),
    id: fc.nat(30).map(String),
    workspace: fc.constantFrom('a', 'b'),
    at: fc.nat(20),
  }),
  fc.record({ do: fc.constant('remove' as const), id: fc.nat(30).map(String) }),
)

function play(actions: readonly Action[]): ConversationSession[] {
  const rows = new Map<string, ConversationSession>()
  for (const step of actions) {
    if (step.do === 'remove') rows.delete(step.id)
    else {
      const workspace = rows.get(step.id)?.workspace ?? step.workspace
      rows.set(step.id, session({ conversationId: step.id, workspace, lastActivity: step.at }))
    }
  }
  return [...rows.values()]
}

describe('historyRing', () => {
  it('keeps its rules under random actions', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), fc.integer({ min: 1, max: 12 }), (actions, capacity) => {
        const rows = play(actions)
        const before = [...rows]
        const ring = historyRing(rows, { workspace: 'a', capacity })
        const own = rows.filter(({ workspace }) => workspace === 'a')

        expect(rows).toEqual(before) // a view: what it reads stays as it is
        expect(ring).toHaveLength(Math.min(capacity, own.length))
        expect(ring.every((row) => own.includes(row))).toBe(true)
        expect(new Set(ring).size).toBe(ring.length)
        for (const [index, row] of ring.entries()) {
          const next = ring[index + 1]
          if (!next) continue
          expect(row.lastActivity).toBeGreaterThanOrEqual(next.lastActivity)
          if (row.lastActivity === next.lastActivity) expect(row.conversationId < next.conversationId).toBe(true)
        }
        const oldest = ring.at(-1)
        for (const row of own) {
          if (oldest && !ring.includes(row)) expect(row.lastActivity).toBeLessThanOrEqual(oldest.lastActivity)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('does not depend on the order in which rows arrive', () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 60 }).chain((actions) => {
          const rows = play(actions)
          return fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length }))
        }),
        ([rows, shuffled]) => {
          expect(historyRing(shuffled, { workspace: 'a' })).toEqual(historyRing(rows, { workspace: 'a' }))
        },
      ),
    )
  })

  it('shows ten unless told otherwise', () => {
    const rows = Array.from({ length: 12 }, (_, at) => session({ conversationId: `c${at}`, lastActivity: at }))
    expect(historyRing(rows, { workspace: 'w' }).map(({ lastActivity }) => lastActivity)).toEqual([
      11, 10, 9, 8, 7, 6, 5, 4, 3, 2,
    ])
  })
})
