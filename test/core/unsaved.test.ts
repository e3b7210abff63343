import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { preview } from '../../src/core/preview.js'
import { applyUnsaved, mergeUnsaved, type Unsaved, unsavedMessage } from '../../src/core/unsaved.js'
import { session } from '../support/session.js'

const usage = fc.record({ input: fc.nat(99), output: fc.nat(99), cacheRead: fc.nat(99), cacheWrite: fc.nat(99) })
const unsaved: fc.Arbitrary<Unsaved> = fc.record(
  {
    messages: fc.nat(5),
    usage,
    lastActivity: fc.nat(1_000),
    lastMessagePreview: fc.string(),
    title: fc.string(),
  },
  { requiredKeys: [] },
)

describe('what was recorded since the last save', () => {
  it('gives the same row applied one by one as merged and applied at once', () => {
    fc.assert(
      fc.property(fc.array(unsaved, { minLength: 1, maxLength: 6 }), (changes) => {
        const row = session({ title: 'before', messageCount: 3, lastActivity: 500 })
        const oneByOne = changes.reduce(applyUnsaved, row)
        expect(applyUnsaved(row, changes.reduce(mergeUnsaved))).toEqual(oneByOne)
      }),
    )
  })

  it('adds to what someone else stored meanwhile', () => {
    const mine = mergeUnsaved(
      unsavedMessage({ role: 'user', text: 'hello' }, 20),
      unsavedMessage(
        { role: 'assistant', text: 'hi', usage: { input: 5, output: 2, cacheRead: 0, cacheWrite: 1 } },
        30,
      ),
    )
    const theirs = session({
      messageCount: 7,
      lastActivity: 40,
      title: 'theirs',
      tokenUsage: { input: 100, output: 10, cacheRead: 1, cacheWrite: 0 },
    })
    expect(applyUnsaved(theirs, mine)).toMatchObject({
      messageCount: 9,
      lastActivity: 40,
      lastMessagePreview: 'hi',
      title: 'theirs',
      tokenUsage: { input: 105, output: 12, cacheRead: 1, cacheWrite: 1 },
    })
  })

  it('takes the title away when it is empty', () => {
    expect(applyUnsaved(session({ title: 'old' }), { title: '' })).not.toHaveProperty('title')
  })
})

describe('preview', () => {
  it('folds white space and trims', () => {
    expect(preview('  one\n\n two\t three ')).toBe('one two three')
  })

  it('has nothing to show for blank text', () => {
    expect(preview(' \n ')).toBeUndefined()
  })

  it('is at most 120 code points and never half a character', () => {
    expect(preview('🙂'.repeat(200))).toBe('🙂'.repeat(120))
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (text) => {
        const folded = text.replace(/\s+/gu, ' ').trim()
        const short = [...folded].slice(0, 120).join('').trimEnd()
        expect(preview(text) ?? '').toBe(short)
      }),
    )
  })
})
