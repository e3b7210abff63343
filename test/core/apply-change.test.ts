import { describe, expect, it } from 'vitest'
import { applyChange, maxScopes } from '../../src/core/apply-change.js'
import { faultAtTheWindow, faultOf, noShares, printed } from '../support/change-properties.js'

const begins = { userId: 'u1', workspace: 'w', conversationId: 'c1', epoch: '', begins: 1 }
const runs = Number(process.env.LEFTOFF_RUNS ?? 3_000)

describe('applyChange', { timeout: 60_000 + runs * 10 }, () => {
  it('gives one row for any order, any repeats, and any losses that a later change makes good', () => {
    const shares = noShares()
    const first = Math.floor(Math.random() * 2 ** 30)
    for (let run = 0; run < runs; run++) expect(faultOf(applyChange, first + run, shares)).toBeUndefined()
    console.info(printed(shares))
    for (const share of ['equalRanks', 'astralText', 'losses', 'repeats', 'evictions'] as const)
      expect(shares[share] / shares.histories, share).toBeGreaterThan(0.05)
  })

  it('counts a repeat once as long as fewer than 64 other scopes arrived in between', () => {
    expect(faultAtTheWindow(applyChange, maxScopes - 1)).toBeUndefined()
  })

  it('counts a repeat twice after 64 other scopes: the bound is where it is said to be', () => {
    expect(faultAtTheWindow(applyChange, maxScopes)).toBe('66 instead of 65')
  })

  it('makes one row of a change whose scopes come in another order, as JSON may bring them', () => {
    const scopes = Array.from({ length: maxScopes + 6 }, (_, n) => [`scope${1_000 + n}`, { messages: 1 }] as const)
    const rowOf = (entries: typeof scopes) => applyChange(undefined, { ...begins, counts: Object.fromEntries(entries) })
    expect(rowOf(scopes.toReversed())).toEqual(rowOf(scopes))
    expect(rowOf(scopes)).toMatchObject({ messages: maxScopes + 6, scopes: { length: maxScopes } })
  })

  it('refuses as unknown a change of a missing row that it may not begin', () => {
    const change = { userId: 'u1', workspace: 'w', conversationId: 'c1', epoch: '', preview: { text: 'a', rank: 1 } }
    expect(applyChange(undefined, change)).toEqual({ refused: 'unknown' })
  })
})
