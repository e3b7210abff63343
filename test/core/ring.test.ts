import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { historyRing } from '../../src/core/ring.js'
import { session } from '../support/session.js'

const sessions = fc
  .array(fc.record({ id: fc.nat(30).map(String), workspace: fc.constantFrom('a', 'b') }), { maxLength: 60 })
  .map((rows) =>
    rows.map(({ id, workspace }, at) => session({ conversationId: id, workspace, lastActivity: 100 - at })),
  )

describe('historyRing', () => {
  it('is the beginning of the workspace’s own sessions, in the order given', () => {
    fc.assert(
      fc.property(sessions, fc.integer({ min: 1, max: 12 }), (rows, capacity) => {
        const before = [...rows]
        const ring = historyRing(rows, { workspace: 'a', capacity })
        const own = rows.filter(({ workspace }) => workspace === 'a')
        expect(rows).toEqual(before) // a view: what it reads stays as it is
        expect(ring).toHaveLength(Math.min(capacity, own.length))
        expect(ring.every((row, at) => row === own[at])).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('shows ten by default', () => {
    const rows = Array.from({ length: 12 }, (_, at) => session({ conversationId: `c${at}`, lastActivity: 11 - at }))
    expect(historyRing(rows, { workspace: 'w' }).map(({ lastActivity }) => lastActivity)).toEqual([
      11, 10, 9, 8, 7, 6, 5, 4, 3, 2,
    ])
  })
})
