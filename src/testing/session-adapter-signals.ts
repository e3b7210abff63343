import { describe, expect, it } from 'vitest'
import type { AdapterReport, SessionAdapter } from '../core/session-adapter.js'
import { type AdapterHarness, change, ids, ranked } from './session-adapter-harness.js'

/** What listeners hear. An adapter without `subscribe` has no signal: what changed must be found by reading again. */
export function describeSignals({ handle, plant }: AdapterHarness): void {
  describe('subscribe', () => {
    describe('Calls `listener` with the ids of conversations that changed, at least once each, after the change can be read, for other handles in the same page too', () => {
      it('when they are saved', async () => {
        const [writer, reader] = [await handle(), await handle()]
        const heard = [writer, reader].map((adapter) =>
          untilHeard(adapter, ['a', 'b', 'c'], async (id) => isThere(await adapter.get('u1', id))),
        )
        await writer.save([ranked('a', 1), ranked('b', 1)])
        await writer.save([ranked('c', 1)])
        await Promise.all(heard)
        expect(ids((await reader.list('u1', { limit: 9 })).sessions)).toEqual(['a', 'b', 'c'])
      })

      it('when they are removed or cleared', async () => {
        const [writer, reader] = [await handle(), await handle()]
        await writer.save([ranked('a', 1), ranked('b', 2)])
        const heard = untilHeard(reader, ['a', 'b'], async (id) => (await reader.get('u1', id)) === 'removed')
        await writer.remove('u1', ['a'])
        await writer.clear('u1', 'w')
        await heard
        expect(await reader.list('u1', { limit: 9 })).toEqual({ sessions: [] })
      })

      it("not for another user's", async () => {
        const [mine, theirs] = [await handle('u1'), await handle('u2')]
        const heard: string[] = []
        mine.subscribe?.('u1', (conversationIds) => heard.push(...conversationIds))
        const last = untilHeard(mine, ['mine'], async () => true)
        await theirs.save([change({ userId: 'u2', conversationId: 'theirs' })])
        await mine.save([change({ conversationId: 'mine' })])
        await last
        expect(heard).not.toContain('theirs')
      })
    })

    it('No ids: anything may have changed, as after `forget`', async () => {
      const [writer, reader] = [await handle(), await handle()]
      if (!writer.forget) return expect(writer.place).toBe('account')
      await writer.save([change()])
      const heard = untilHeard(reader, ['c1'], async () => (await reader.get('u1', 'c1')) === undefined)
      await writer.forget('u1', 'e1')
      await heard
      expect(await reader.get('u1', 'c1')).toBeUndefined()
    })

    it('The function that it returns ends the calls', async () => {
      const [writer, reader] = [await handle(), await handle()]
      let calls = 0
      const stop = reader.subscribe?.('u1', () => calls++)
      stop?.()
      stop?.()
      const heard = untilHeard(reader, ['c1'], async () => true)
      await writer.save([change()])
      await heard
      expect(calls).toBe(0)
    })
  })

  describe('onReport', () => {
    it('Calls `listener` once for each row that was quarantined or left alone while reading', async () => {
      const adapter = await handle()
      const [reports, stopped]: [AdapterReport[], AdapterReport[]] = [[], []]
      adapter.onReport?.((report) => reports.push(report))
      adapter.onReport?.((report) => stopped.push(report))()
      await adapter.save([ranked('a', 1), ranked('b', 2), ranked('c', 3), ranked('d', 4)])
      if (!(await plant(adapter, 'damaged', 'a'))) return
      await plant(adapter, 'newer-version', 'b')
      await plant(adapter, 'damaged', 'c')
      await adapter.get('u1', 'c')
      for (let reads = 0; reads < 2; reads++) {
        expect(ids((await adapter.list('u1', { limit: 9 })).sessions)).toEqual(['d'])
        for (const id of ['a', 'b', 'c']) await adapter.get('u1', id)
      }
      expect(reports.map(({ type, conversationId, error }) => [conversationId, type, error.name]).sort()).toEqual([
        ['a', 'row-quarantined', 'LeftoffError'],
        ['b', 'newer-version', 'LeftoffError'],
        ['c', 'row-quarantined', 'LeftoffError'],
      ])
      expect(stopped).toEqual([])
    })
  })

  describe('close', () => {
    it('Frees connections and listeners', async () => {
      const [closed, open] = [await handle(), await handle()]
      if (!closed.close) return
      let calls = 0
      closed.subscribe?.('u1', () => calls++)
      await closed.close()
      const heard = untilHeard(open, ['c1'], async () => true)
      await open.save([change()])
      await heard
      expect(calls).toBe(0)
    })

    it('Safe to call more than once', async () => {
      const [adapter, other] = [await handle(), await handle()]
      await adapter.save([change()])
      await adapter.close?.()
      await adapter.close?.()
      expect(ids((await other.list('u1', { limit: 1 })).sessions)).toEqual(['c1'])
    })
  })
}

/** Ends once each id was named, or no ids were, by a call at which `isDone` held for it. */
function untilHeard(
  adapter: SessionAdapter,
  conversationIds: readonly string[],
  isDone: (conversationId: string) => Promise<boolean>,
): Promise<void> {
  const waiting = new Set(conversationIds)
  return new Promise((resolve, reject) => {
    if (!adapter.subscribe) return resolve()
    adapter.subscribe('u1', (heard) => {
      for (const id of heard.length === 0 ? conversationIds : heard)
        isDone(id).then((done) => {
          if (done) waiting.delete(id)
          if (waiting.size === 0) resolve()
        }, reject)
    })
  })
}

function isThere(found: Awaited<ReturnType<SessionAdapter['get']>>): boolean {
  return typeof found === 'object'
}
