import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyChange, type SessionChange, type StoredRow } from '../../src/core/apply-change.js'
import { readChange } from '../../src/core/checks.js'
import { shortHash } from '../../src/core/keys-and-ids.js'
import { sessionOf } from '../../src/core/stored-row.js'
import { acknowledge, beginAnew, changeOf, createEntry, type Entry, record, withStored } from '../../src/store/entry.js'
import { recordedMessage, recordedTitle } from '../../src/store/history.js'

type Step =
  | { readonly do: 'say'; readonly messageId: number | undefined; readonly hasUsage: boolean }
  | { readonly do: 'name'; readonly by: 'person' | 'app'; readonly text: string }
  | { readonly do: 'send'; readonly answer: 'comes' | 'is lost' | 'fails' }
  | { readonly do: 'record while sending'; readonly answer: 'comes' | 'is lost' }
  | { readonly do: 'clear' | 'read' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      messageId: fc.option(fc.nat(4), { nil: undefined }),
      hasUsage: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('name' as const),
      by: fc.constantFrom('person' as const, 'app' as const),
      text: fc.constantFrom('A', 'B'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      answer: fc.constantFrom('comes' as const, 'is lost' as const, 'fails' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('record while sending' as const),
      answer: fc.constantFrom('comes' as const, 'is lost' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'clear' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'read' as const }) },
)

/** One page and one storage, as the store drives them. */
function world() {
  let rank = 1_000
  let scopes = 0
  let unnamed = 0
  const named = new Set<number>()
  let row: StoredRow | undefined
  const scope = () => shortHash(`scope ${++scopes}`)
  const identity = { userId: '', conversationId: 'c1', workspace: 'w' }
  let entry: Entry = createEntry({ ...identity, scope: scope(), begins: rank })

  function say(messageId: number | undefined, hasUsage: boolean): void {
    if (messageId === undefined) unnamed++
    else named.add(messageId)
    const role = messageId === undefined ? 'user' : 'assistant'
    const message = {
      role,
      text: `text ${rank}`,
      ...(hasUsage && { usage: { input: 2, output: 3 } }),
      ...(messageId !== undefined && { messageId: `m${messageId}` }),
    } as const
    const at = ++rank
    entry = record(entry, recordedMessage(message, { at, rank: at, isNew: true, keepsContent: true }))
  }

  function apply(change: SessionChange): boolean {
    expect(readChange(JSON.parse(JSON.stringify(change)), rank)).toMatchObject({ ok: true })
    const next = applyChange(row, change)
    if ('refused' in next) return false
    row = next
    return true
  }

  /** Sends what there is; `meanwhile` runs between the sending and the answer. */
  function send(answer: 'comes' | 'is lost' | 'fails', meanwhile = () => {}): void {
    if (!entry.unsent) return
    const change = changeOf(entry, '')
    const isTaken = answer === 'fails' ? undefined : apply(change)
    meanwhile()
    if (answer !== 'comes') return
    if (isTaken) entry = acknowledge(entry, change)
    else entry = beginAnew(entry, scope(), rank)
  }

  return {
    play(next: Step): void {
      if (next.do === 'say') say(next.messageId, next.hasUsage)
      else if (next.do === 'name') entry = record(entry, recordedTitle(next.text, next.by, ++rank))
      else if (next.do === 'send') send(next.answer)
      else if (next.do === 'record while sending') send(next.answer, () => say(undefined, true))
      else if (next.do === 'clear') row = undefined
      // The store reads while nothing is unsent: else it reads again after the answer.
      else if (row && !entry.unsent) entry = withStored(entry, sessionOf(row))
    },
    settle(): void {
      for (let round = 0; round < 5 && entry.unsent; round++) send('comes')
      expect(entry.unsent).toBeUndefined()
    },
    /** How many messages there are: those without an id, and as many as there are ids. */
    recorded: () => unnamed + named.size,
    entry: () => entry,
    row: () => row,
  }
}

const counted = ({ messageCount, tokenUsage }: { messageCount: number; tokenUsage?: object }) => ({
  messageCount,
  tokenUsage,
})

describe('an entry', () => {
  it('shows what storage has once everything is answered, whatever answers were lost', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { play, settle, entry, row } = world()
        // After a lost answer and clearing the page cannot know what was cleared: the store reads again then.
        for (const next of steps) if (next.do !== 'clear') play(next)
        settle()
        const stored = row()
        const shown = entry().view
        if (!stored) {
          expect(shown).toBeUndefined()
          return
        }
        const { title: _, ...session } = sessionOf(stored)
        expect(shown).toMatchObject(session)
      }),
      { numRuns: 3_000 },
    )
  })

  it('counts each message once, and each id once', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { play, settle, row, recorded } = world()
        for (const next of steps) if (next.do !== 'clear') play(next)
        settle()
        expect(row()?.messages ?? 0).toBe(recorded())
      }),
      { numRuns: 2_000 },
    )
  })

  it('saves what was said after the last answer, and nothing of what was cleared', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (before, after) => {
        const { play, settle, entry, row } = world()
        const say: Step = { do: 'say', messageId: undefined, hasUsage: true }
        for (let time = 0; time < before; time++) play(say)
        settle()
        play({ do: 'clear' })
        for (let time = 0; time < after; time++) play(say)
        play({ do: 'send', answer: 'comes' })
        settle()
        const expected = { messageCount: after, tokenUsage: { input: 2 * after, output: 3 * after } }
        const stored = row()
        expect(stored && counted(sessionOf(stored))).toEqual(expected)
        const shown = entry().view
        expect(shown && counted(shown)).toEqual(expected)
      }),
    )
  })
})
