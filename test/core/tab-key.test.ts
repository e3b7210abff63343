import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isLeftoffError } from '../../src/core/error.js'
import { parseTabKey, sessionKey, type TabKeyParts, tabKey } from '../../src/core/tab-key.js'

// Parts that try to look like two: separators, escapes, escapes of escapes, lone surrogates.
const hostile = fc
  .array(fc.oneof(fc.constantFrom(':', '::', '%', '%3A', '%25', '%253A', '%3a', '/', ' ', '\ud800', ''), fc.string()), {
    maxLength: 6,
  })
  .map((pieces) => pieces.join(''))
  .filter((part) => part !== '' && part.length <= 512)
const parts: fc.Arbitrary<TabKeyParts> = fc.record({ userId: hostile, workspace: hostile, tabId: hostile })

describe('tabKey', () => {
  it('joins the parts with two colons', () => {
    expect(tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: 't1' })).toBe('u1::demo.alive.best::t1')
  })

  it('never gives two different triples the same key', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const isSame = a.userId === b.userId && a.workspace === b.workspace && a.tabId === b.tabId
        expect(tabKey(a) === tabKey(b)).toBe(isSame)
      }),
      { numRuns: 2_000 },
    )
  })

  it('keeps apart parts that would meet if colons were not encoded', () => {
    const key = tabKey({ userId: 'a::b', workspace: 'c', tabId: 'd' })
    expect(key).not.toBe(tabKey({ userId: 'a', workspace: 'b::c', tabId: 'd' }))
    expect(key).toBe('a%3A%3Ab::c::d')
  })

  it('is inverted by parseTabKey', () => {
    fc.assert(
      fc.property(parts, (triple) => {
        expect(parseTabKey(tabKey(triple))).toEqual(triple)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['empty', ''],
    ['over-long', 'x'.repeat(513)],
    ['not a string', 7 as unknown as string],
    ['missing', undefined as unknown as string],
  ])('refuses a part that is %s', (_what, tabId) => {
    const attempt = () => tabKey({ userId: 'u1', workspace: 'w', tabId })
    expect(attempt).toThrow(expect.toSatisfy((error) => isLeftoffError(error, 'invalid-argument')))
  })
})

describe('parseTabKey', () => {
  it('refuses what tabKey does not write', () => {
    for (const key of ['', 'a::b', 'a::b::c::d', 'a:::b::c', '::b::c', 'a%3a::b::c', 'a%41::b::c', 'a%::b::c']) {
      expect(parseTabKey(key)).toBeUndefined()
    }
  })

  it('accepts a string only if it is the key of what it gives', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          hostile,
          fc.tuple(hostile, hostile, hostile).map((all) => all.join('::')),
        ),
        (key) => {
          const parsed = parseTabKey(key)
          if (parsed) expect(tabKey(parsed)).toBe(key)
        },
      ),
    )
  })
})

describe('sessionKey', () => {
  it('is tabKey, and takes a conversationId for the tabId', () => {
    const key = tabKey({ userId: 'u1', workspace: 'w', tabId: 'c1' })
    expect(sessionKey({ userId: 'u1', workspace: 'w', tabId: 'c1' })).toBe(key)
    expect(sessionKey({ userId: 'u1', workspace: 'w', conversationId: 'c1' })).toBe(key)
  })

  it('takes the tabId of a body that has both', () => {
    const body = { workspace: 'w', conversationId: 'c1', tabId: 'tab-9' }
    expect(sessionKey({ userId: 'u', ...body })).toBe(tabKey({ userId: 'u', workspace: 'w', tabId: 'tab-9' }))
  })
})
