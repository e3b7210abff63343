import { describe, expect, it } from 'vitest'
import type { SessionChange } from '../core/apply-change.js'
import { claimChange } from '../core/guest-change.js'
import { type AdapterHarness, change, ids, later, ranked, sessionAfter } from './session-adapter-harness.js'

/** What `save` does. */
export function describeSaving({ handle, plant }: AdapterHarness): void {
  describe('save', () => {
    describe('Applies each change to its row, whole or not at all, as `applyChange` does', () => {
      it('in any order, with repeats, through two handles', async () => {
        const orders = [history, [...history].reverse(), [...history, ...history], [...history.slice(3), ...history]]
        for (const [index, order] of orders.entries()) {
          const handles = [await handle(), await handle()] as const
          for (const [at, next] of order.entries())
            expect(await handles[at % 2 ? 1 : 0].save([{ ...next, conversationId: `c${index}` }])).toEqual([])
          expect(await handles[0].get('u1', `c${index}`)).toEqual({
            ...sessionAfter(...order),
            conversationId: `c${index}`,
          })
        }
      })

      it('several of one row in one call', async () => {
        const adapter = await handle()
        expect(await adapter.save([change(), ...history.map(later)])).toEqual([])
        expect(await adapter.get('u1', 'c1')).toEqual(sessionAfter(change(), ...history))
      })

      it('adds up in one scope only what was not counted yet', async () => {
        const adapter = await handle()
        for (const messages of [1, 4, 2, 4]) await adapter.save([change({ counts: { 'scope--1': { messages } } })])
        await adapter.save([later(change({ counts: { 'scope--2': { messages: 3 } } }))])
        expect(await adapter.get('u1', 'c1')).toMatchObject({ messageCount: 7 })
      })

      it('takes in what a guest did, once however often it is claimed', async () => {
        const [guest, user] = [await handle('guest'), await handle()]
        await guest.save(history.map((next) => ({ ...next, userId: 'guest' })))
        const claim = async () => {
          const { sessions } = await guest.list('guest', { limit: 9 })
          expect(await user.save(sessions.map((session) => claimChange(session, 'u1', '')))).toEqual([])
        }
        await claim()
        await claim()
        expect(await user.get('u1', 'c1')).toEqual(sessionAfter(...history))
        await guest.save([{ ...later(change({ counts: { 'scope--9': { messages: 2 } } })), userId: 'guest' }])
        await claim()
        await guest.remove('guest', ['c1'])
        const { messageCount } = sessionAfter(...history)
        expect(await user.get('u1', 'c1')).toMatchObject({ messageCount: messageCount + 2 })
      })

      it('takes a title away', async () => {
        const adapter = await handle()
        await adapter.save([change({ titles: { person: { text: 'Named', rank: 1 } } })])
        await adapter.save([later(change({ titles: { person: { text: '', rank: 2 } } }))])
        expect(await adapter.get('u1', 'c1')).toEqual(sessionAfter(change()))
      })

      it('keeps a title that a person gave when the app suggests a later one', async () => {
        const adapter = await handle()
        await adapter.save([change({ titles: { person: { text: 'Mine', rank: 1 } } })])
        await adapter.save([later(change({ titles: { app: { text: 'Suggested', rank: 9 } } }))])
        expect(await adapter.get('u1', 'c1')).toMatchObject({ title: 'Mine' })
      })

      it('nothing of a change that is refused', async () => {
        const adapter = await handle()
        await adapter.save([change()])
        const broken = change({ activity: { at: 5, rank: 5 }, counts: { 'scope--1': { messages: -1 } } })
        expect(await adapter.save([broken])).toHaveLength(1)
        expect(await adapter.get('u1', 'c1')).toEqual(sessionAfter(change()))
      })

      it('nothing if there is no change', async () => {
        const adapter = await handle()
        expect(await adapter.save([])).toEqual([])
        expect(await adapter.list('u1', { limit: 9 })).toEqual({ sessions: [] })
      })
    })

    it('Loses nothing when several handles save at once', async () => {
      const handles = await Promise.all(Array.from({ length: 6 }, () => handle()))
      const saved = await Promise.all(
        handles.map((adapter, index) =>
          adapter.save([
            change({ counts: { [`scope--${index}`]: { messages: index + 1 } } }),
            change({ conversationId: `own${index}` }),
          ]),
        ),
      )
      expect(saved.flat()).toEqual([])
      expect(await handles[0]?.get('u1', 'c1')).toMatchObject({ messageCount: 21 })
      expect((await handles[0]?.list('u1', { limit: 9 }))?.sessions).toHaveLength(7)
    })

    it('Rows are independent: a refusal of one does not keep the others from being saved', async () => {
      const adapter = await handle()
      await adapter.save([ranked('old', 1)])
      await adapter.remove('u1', ['gone'])
      const refusals = await adapter.save([
        ranked('first', 5),
        ranked('gone', 4),
        later(ranked('nowhere', 4)),
        ranked('broken', -1),
        later(ranked('old', 3)),
        ranked('last', 2),
      ])
      expect(refusals.map(({ conversationId, reason }) => `${conversationId} ${reason}`).sort()).toEqual([
        'broken invalid',
        'gone removed',
        'nowhere unknown',
      ])
      expect(ids((await adapter.list('u1', { limit: 9 })).sessions)).toEqual(['first', 'old', 'last'])
    })

    it('Refuses a change of a removed row as `removed`', async () => {
      const [first, second] = [await handle(), await handle()]
      await first.save([change()])
      await first.remove('u1', ['c1'])
      for (const late of [change(), later(change())])
        expect(await second.save([late])).toEqual([{ conversationId: 'c1', reason: 'removed' }])
      expect(await second.get('u1', 'c1')).toBe('removed')
    })

    it('Refuses a change of a missing row without `begins` as `unknown`', async () => {
      const adapter = await handle()
      expect(await adapter.save([later(change())])).toEqual([{ conversationId: 'c1', reason: 'unknown' }])
      expect(await adapter.get('u1', 'c1')).toBeUndefined()
    })

    it('Refuses a change of a row by a later leftoff as `newer-version`', async () => {
      const adapter = await handle()
      await adapter.save([change()])
      if (!(await plant(adapter, 'newer-version', 'c1'))) return
      for (const next of [change(), later(change())])
        expect(await adapter.save([next])).toEqual([{ conversationId: 'c1', reason: 'newer-version' }])
      expect(await adapter.get('u1', 'c1')).toBe('newer-version')
    })

    it('Refuses a change that `readChange` refuses as `invalid`', async () => {
      const adapter = await handle()
      const elevenYears = Date.now() + 11 * 366 * 24 * 60 * 60 * 1_000
      for (const fields of unreadable(elevenYears)) {
        expect(await adapter.save([change(fields)]), JSON.stringify(fields)).toEqual([
          { conversationId: fields.conversationId ?? 'c1', reason: 'invalid' },
        ])
      }
      expect(await adapter.list('u1', { limit: 9 })).toEqual({ sessions: [] })
    })

    it('A device adapter refuses a change of another epoch than the stored one as `signed-out`, and stores the epoch of the change if none is stored', async () => {
      const [first, second] = [await handle(), await handle()]
      if (first.place !== 'device') return
      expect(await first.save([change({ epoch: '' })])).toEqual([])
      expect(await second.epochOf?.('u1')).toBe('')
      const two = ['e1', 'e2'].map((epoch) => change({ epoch, conversationId: `of ${epoch}` }))
      expect(await second.save(two)).toEqual([{ conversationId: 'of e2', reason: 'signed-out' }])
      expect(await first.epochOf?.('u1')).toBe('e1')
      for (const epoch of ['', 'e2'])
        expect(await first.save([change({ epoch, conversationId: 'c3' })])).toEqual([
          { conversationId: 'c3', reason: 'signed-out' },
        ])
      expect(await second.epochOf?.('u1')).toBe('e1')
      expect(await second.get('u1', 'c3')).toBeUndefined()
    })

    it('An account adapter ignores epochs', async () => {
      const adapter = await handle()
      if (adapter.place !== 'account') return
      for (const epoch of ['', 'e1', 'e2'])
        expect(await adapter.save([change({ epoch, conversationId: `of ${epoch}` })])).toEqual([])
      expect((await adapter.list('u1', { limit: 9 })).sessions).toHaveLength(3)
    })
  })
}

/** What two devices recorded in one conversation, cumulative by scope as a store sends it. */
const history: readonly SessionChange[] = [
  change({
    begins: 40,
    counts: { 'scope--1': { messages: 1 } },
    activity: { at: 40, rank: 41 },
    titles: { message: { text: 'First question', rank: 40 } },
  }),
  change({
    begins: 30,
    counts: { 'scope--1': { messages: 3, usage: { input: 9, output: 20, cacheRead: 4 } } },
    activity: { at: 60, rank: 61 },
    preview: { text: 'An answer', rank: 61 },
  }),
  change({
    counts: { 'scope--2': { messages: 2, usage: { input: 1, output: 2 } } },
    activity: { at: 55, rank: 70 },
    preview: { text: 'By a slow clock, but later', rank: 70 },
    titles: { message: { text: 'Second question', rank: 55 }, app: { text: 'Summary', rank: 56 } },
  }),
  change({ titles: { app: { text: 'Same rank, greater text', rank: 56 }, person: { text: 'Mine 🙂', rank: 71 } } }),
]

function unreadable(farAhead: number): readonly Partial<SessionChange>[] {
  return [
    { activity: { at: Number.NaN, rank: 1 } },
    { activity: { at: 1, rank: farAhead } },
    { begins: 1.5 },
    { counts: { 'scope--1': { messages: Number.POSITIVE_INFINITY } } },
    { counts: { short: { messages: 1 } } },
    { preview: { text: 'x'.repeat(121), rank: 1 } },
    { preview: { text: 'a\0b', rank: 1 } },
    { titles: { app: { text: '\ud800', rank: 1 } } },
    { workspace: '' },
    { conversationId: 'x'.repeat(201) },
  ]
}
