import { describe, expect, it } from 'vitest'
import { type AdapterHarness, change, ids, later, ranked, sessionAfter } from './session-adapter-harness.js'

/** What `remove` and `clear` do, and what a sign-out does on a device. */
export function describeRemoving({ handle, plant }: AdapterHarness): void {
  describe('remove', () => {
    it('Removes the rows and leaves tombstones for at least 30 days', async () => {
      const [first, second] = [await handle(), await handle()]
      await first.save([ranked('a', 3), ranked('b', 2), ranked('c', 1)])
      await first.remove('u1', ['a', 'c'])
      expect(ids((await second.list('u1', { limit: 9 })).sessions)).toEqual(['b'])
      for (const id of ['a', 'c']) expect(await second.get('u1', id)).toBe('removed')
    })

    it('Removing what is not there leaves tombstones too', async () => {
      const adapter = await handle()
      await adapter.remove('u1', [])
      await adapter.remove('u1', ['c1'])
      expect(await adapter.get('u1', 'c1')).toBe('removed')
      expect(await adapter.save([change()])).toEqual([{ conversationId: 'c1', reason: 'removed' }])
    })
  })

  describe('clear', () => {
    describe("Removes the user's rows, of one workspace or of all, and leaves tombstones", () => {
      it('of one workspace', async () => {
        const [first, second] = [await handle(), await handle()]
        await first.save([ranked('a', 1), ranked('b', 2, { workspace: 'w/2' }), ranked('c', 3)])
        await second.clear('u1', 'w')
        expect(ids((await first.list('u1', { limit: 9 })).sessions)).toEqual(['b'])
        expect(await first.save([ranked('a', 9)])).toEqual([{ conversationId: 'a', reason: 'removed' }])
      })

      it('of all', async () => {
        const [first, second] = [await handle(), await handle()]
        await first.save([ranked('a', 1), ranked('b', 2, { workspace: 'w/2' })])
        await second.clear('u1')
        expect(await first.list('u1', { limit: 9 })).toEqual({ sessions: [] })
        for (const id of ['a', 'b']) expect(await first.get('u1', id)).toBe('removed')
        expect(await first.save([ranked('new', 1)])).toEqual([])
      })
    })
  })

  describe('epochOf', () => {
    it("Gives the user's epoch as stored beside the rows, `''` if none is", async () => {
      const [first, second] = [await handle(), await handle()]
      if (!first.epochOf) return expect(first.place).toBe('account')
      expect(await first.epochOf('u1')).toBe('')
      await first.forget?.('u1', 'e1')
      expect(await second.epochOf?.('u1')).toBe('e1')
      expect(await first.epochOf('u2')).toBe('')
    })

    it('Rows of another epoch are not there', async () => {
      const [first, second] = [await handle(), await handle()]
      if (!first.epochOf) return expect(first.place).toBe('account')
      const counts = { 'scope--1': { messages: 2 } }
      await first.save([ranked('a', 1), ranked('b', 9, { counts }), ranked('d', 2)])
      await second.save([ranked('c', 3, { epoch: 'e1' })])
      for (const id of ['a', 'b', 'd']) expect(await first.get('u1', id)).toBeUndefined()
      // Nothing of the old row goes into the new one.
      const [lateA, newB] = [later(ranked('a', 4, { epoch: 'e1' })), ranked('b', 5, { epoch: 'e1' })]
      expect(await first.save([lateA, newB])).toEqual([{ conversationId: 'a', reason: 'unknown' }])
      expect(await second.get('u1', 'b')).toEqual(sessionAfter(newB))
      expect(await allIds(second)).toEqual(['b', 'c'])
    })
  })

  describe('forget', () => {
    describe('Deletes all of the user, tombstones and quarantined rows included, and stores `nextEpoch`, in one step', () => {
      it('for all handles', async () => {
        const [first, second] = [await handle(), await handle()]
        if (!first.forget) return expect(first.place).toBe('account')
        await first.save([ranked('a', 1), ranked('b', 2, { workspace: 'w/2' }), ranked('c', 3)])
        await first.remove('u1', ['c'])
        if (await plant(first, 'damaged', 'b')) await second.get('u1', 'b')
        await first.forget('u1', 'e1')
        for (const id of ['a', 'b', 'c']) expect(await second.get('u1', id)).toBeUndefined()
        expect(await allIds(second)).toEqual([])
        expect(await second.save([ranked('a', 5)])).toEqual([{ conversationId: 'a', reason: 'signed-out' }])
        expect(await second.save([ranked('c', 5, { epoch: 'e1' })])).toEqual([])
        await second.forget?.('u1', 'e2')
        expect(await allIds(first)).toEqual([])
        expect(await first.save([ranked('c', 5, { epoch: 'e1' })])).toMatchObject([{ reason: 'signed-out' }])
      })

      it('with saves under way', async () => {
        const handles = await Promise.all(Array.from({ length: 6 }, () => handle()))
        const [first] = handles
        if (!first?.forget) return expect(first?.place).toBe('account')
        const begun = handles.map((adapter, index) => adapter.save([change({ conversationId: `c${index}` })]))
        const forgotten = first.forget('u1', 'e1')
        const late = handles.map((adapter, index) => adapter.save([change({ conversationId: `late${index}` })]))
        await Promise.all([...begun, forgotten, ...late])
        expect(await allIds(first)).toEqual([])
        for (const index of handles.keys()) {
          expect(await first.get('u1', `c${index}`)).toBeUndefined()
          expect(await first.get('u1', `late${index}`)).toBeUndefined()
        }
      })
    })

    it('What was saved with `nextEpoch` stays', async () => {
      const [first, second] = [await handle(), await handle()]
      if (!first.forget) return expect(first.place).toBe('account')
      await first.forget('u1', 'e1')
      await second.save([ranked('a', 1, { epoch: 'e1' })])
      await first.forget('u1', 'e1')
      expect(await allIds(second)).toEqual(['a'])
    })
  })

  async function allIds(adapter: Awaited<ReturnType<typeof handle>>): Promise<string[]> {
    return ids((await adapter.list('u1', { limit: 99 })).sessions)
  }
}
