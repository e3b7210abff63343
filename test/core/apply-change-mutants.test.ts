import { describe, expect, it } from 'vitest'
import { maxScopes } from '../../src/core/apply-change.js'
import { faultAtTheWindow, faultOf } from '../support/change-properties.js'
import { type Mutant, mutatedChange } from '../support/mutants.js'

const mutants: readonly Mutant[] = [
  {
    name: 'an older total replaces a newer one',
    from: 'combine(Math.max, known, arrived)',
    to: 'arrived',
  },
  {
    name: 'a repeat is counted again',
    from: 'known ? subtract(arrived, known) : arrived',
    to: 'arrived',
  },
  {
    name: 'an older total takes messages away',
    from: 'subtract(arrived, known)',
    to: 'combine((x, y) => x - y, { messages: arrived.messages }, { messages: known.messages })',
  },
  { name: 'an older total takes tokens away', from: 'Math.max(0, x - y)', to: 'x - y' },
  {
    name: 'older usage of a scope replaces newer',
    from: 'combine(Math.max, known, arrived)',
    to: '{ ...known, ...arrived, messages: Math.max(known.messages, arrived.messages) }',
  },
  {
    name: 'of two texts with one rank the one that arrives last stays',
    from: 'sign * (a.rank - b.rank || compareCodePoints(a.text, b.text)) < 0 ? b : a',
    to: 'sign * (a.rank - b.rank) <= 0 ? b : a',
  },
  {
    name: 'the latest first message gives the title',
    from: 'latest(a.message, b.message, -1)',
    to: 'latest(a.message, b.message)',
  },
  {
    name: 'texts are ordered by UTF-16 unit',
    from: 'isSurrogate(x) === isSurrogate(y) ? x - y',
    to: 'x !== y ? x - y',
  },
  { name: 'the last begins to arrive stays', from: 'Math.min(base.startedAt, begins)', to: 'begins' },
  {
    name: 'the beginning is no activity',
    from: 'laterActivity(laterActivity(base.activity, change.activity), { at: begins, rank: begins })',
    to: 'laterActivity(base.activity, change.activity)',
  },
  {
    name: 'of two activities with one rank the last to arrive stays',
    from: '|| a.at < b.at ? b : a',
    to: '|| b ? b : a',
  },
  { name: 'an arrival does not move its scope to the end', from: 'scopes.delete(scope)', to: '' },
  { name: 'the scopes that arrived last are forgotten', from: '.slice(-scopesKept)', to: '.slice(0, scopesKept)' },
  { name: 'one scope less is kept', from: '.slice(-scopesKept)', to: '.slice(1 - scopesKept)' },
  {
    name: 'the app names a conversation by its first title',
    from: 'latest(a.app, b.app)',
    to: 'latest(a.app, b.app, -1)',
  },
]

// Most are caught by the first few histories.
const histories = 1_000

describe('a fault in applyChange is caught by the properties', { timeout: 60_000 }, () => {
  it.each(mutants)('$name', async (mutant) => {
    const { applyChange } = await mutatedChange(mutant)
    let fault = faultAtTheWindow(applyChange, maxScopes - 1)
    for (let seed = 0; !fault && seed < histories; seed++) fault = faultOf(applyChange, seed)
    expect(fault).toBeDefined()
  })

  it('and none is found without one', async () => {
    const { applyChange } = await mutatedChange({ name: 'none', from: 'const base = ', to: 'const base = ' })
    expect(faultAtTheWindow(applyChange, maxScopes - 1)).toBeUndefined()
    for (let seed = 0; seed < histories; seed++) expect(faultOf(applyChange, seed)).toBeUndefined()
  })

  it('a mutant whose text is gone says so', async () => {
    await expect(mutatedChange({ name: 'gone', from: 'no such text', to: '' })).rejects.toThrow('occurs 0 times')
  })
})
