import { describe, expect, it } from 'vitest'
import { applyChange, maxScopes } from '../../src/core/change.js'
import { faultAtTheWindow, faultOf, noShares, printed } from '../support/change-properties.js'

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

  it('refuses as unknown a change of a missing row that it may not begin', () => {
    const change = { userId: 'u1', workspace: 'w', conversationId: 'c1', epoch: '', preview: { text: 'a', rank: 1 } }
    expect(applyChange(undefined, change)).toEqual({ refused: 'unknown' })
  })
})
