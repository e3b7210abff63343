import { describe, expect, it } from 'vitest'
import { type AdapterHarness, allPages, change, ids, later, ranked, sessionAfter } from './session-adapter-harness.js'

/** What holds for all calls, and for what an adapter says of itself. */
export function describeEveryCall({ handle }: AdapterHarness): void {
  describe('every call', () => {
    it('A call that fails rejects with a `LeftoffError`', async () => {
      const adapter = await handle()
      for (const after of ['', 'no cursor', '1', `${1e17} c1`])
        await expect(adapter.list('u1', { limit: 1, after })).rejects.toMatchObject({
          name: 'LeftoffError',
          code: 'invalid-argument',
        })
    })

    it('It may be repeated: what it did already changes nothing', async () => {
      const [first, second] = [await handle(), await handle()]
      const changes = [change({ counts: { 'scope--1': { messages: 2 } } }), change({ conversationId: 'c2' })]
      for (const adapter of [first, first, second]) expect(await adapter.save(changes)).toEqual([])
      for (const adapter of [first, second, second]) await adapter.remove('u1', ['c2'])
      expect((await second.list('u1', { limit: 9 })).sessions).toEqual([sessionAfter(change(), ...changes.slice(0, 1))])
      for (const adapter of [first, second, second]) await adapter.clear('u1')
      for (const adapter of [first, second, second]) await adapter.forget?.('u1', 'e1')
      expect(await first.list('u1', { limit: 9 })).toEqual({ sessions: [] })
    })

    it('Users are kept apart', async () => {
      const [mine, theirs] = [await handle('u1'), await handle('u2')]
      const [ofMine, ofTheirs] = [change({ preview: { text: 'mine', rank: 1 } }), change({ userId: 'u2' })]
      await mine.save([ofMine])
      await theirs.save([ofTheirs])
      expect(await theirs.get('u2', 'c1')).toEqual(sessionAfter(ofTheirs))
      await theirs.remove('u2', ['c1'])
      await theirs.clear('u2')
      await theirs.forget?.('u2', 'e1')
      expect(await theirs.list('u2', { limit: 9 })).toEqual({ sessions: [] })
      expect((await mine.list('u1', { limit: 9 })).sessions).toEqual([sessionAfter(ofMine)])
      expect(await mine.save([later(ofMine)])).toEqual([])
    })
  })

  describe('place', () => {
    it('`device`, or `account` if all devices of the user share the sessions', async () => {
      expect(['device', 'account']).toContain((await handle()).place)
    })

    it('Device adapters have `epochOf` and `forget`', async () => {
      const { place, epochOf, forget } = await handle()
      if (place === 'device') expect([typeof epochOf, typeof forget]).toEqual(['function', 'function'])
    })
  })

  describe('durability', () => {
    it('What a resolved save survives: `none`, nothing; `best-effort`, a clean close; `committed`, a crash', async () => {
      const adapter = await handle()
      expect(['none', 'best-effort', 'committed']).toContain(adapter.durability)
      await adapter.save([change()])
      if (adapter.durability === 'none') return
      await adapter.close?.()
      expect(await (await handle()).get('u1', 'c1')).toEqual(sessionAfter(change()))
    })
  })
}

/** What `list` and `get` do. */
export function describeReading({ handle, plant }: AdapterHarness): void {
  describe('list', () => {
    describe("Lists the user's sessions, of one workspace or of all, greatest rank first, ties by id", () => {
      it('by rank, whatever the clock said', async () => {
        const adapter = await handle()
        await adapter.save([
          ranked('a', 2, { activity: { at: 9, rank: 2 } }),
          ranked('c', 3, { activity: { at: 1, rank: 3 } }),
          ranked('b', 3, { activity: { at: 5, rank: 3 } }),
          ranked('d', 1),
        ])
        expect(ids((await adapter.list('u1', { limit: 9 })).sessions)).toEqual(['b', 'c', 'a', 'd'])
      })

      it('a workspace is its whole name', async () => {
        const adapter = await handle()
        await adapter.save([
          ranked('a', 1, { workspace: 'w' }),
          ranked('b', 2, { workspace: 'w/2' }),
          ranked('c', 3, { workspace: 'W' }),
          ranked('d', 4, { workspace: 'w' }),
        ])
        expect(await allPages(adapter, { workspace: 'w', limit: 1 })).toEqual([['d'], ['a']])
        expect(await allPages(adapter, { workspace: 'w/2', limit: 1 })).toEqual([['b']])
        expect(await allPages(adapter, { limit: 9 })).toEqual([['d', 'c', 'b', 'a']])
      })

      it('whole, through another handle', async () => {
        const full = change({
          counts: { 'scope--1': { messages: 3, usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 } } },
          activity: { at: 7, rank: 8 },
          preview: { text: 'see you 🙂', rank: 8 },
          titles: { message: { text: 'Hello', rank: 1 }, person: { text: 'Greeting', rank: 2 } },
        })
        await (await handle()).save([full])
        expect((await (await handle()).list('u1', { limit: 9 })).sessions).toEqual([sessionAfter(full)])
      })
    })

    it('Gives at most `limit`', async () => {
      const adapter = await handle()
      await adapter.save(['a', 'b', 'c'].map((id) => ranked(id, 1)))
      for (const limit of [1, 2, 3]) expect((await adapter.list('u1', { limit })).sessions).toHaveLength(limit)
      expect(await adapter.list('u1', { limit: 0 })).toEqual({ sessions: [] })
    })

    it('`next` continues the list where the page ends and is missing at the end of the list', async () => {
      const [writer, reader] = [await handle(), await handle()]
      expect(await reader.list('u1', { limit: 1 })).toEqual({ sessions: [] })
      // Ties lie across the edges of pages, and ids that a careless cursor would split.
      const names = ['a', 'b 2', 'c', 'd\n1', '5 e', 'f,"g"', 'ä', '🙂', 'z']
      await writer.save(names.map((id, index) => ranked(id, 9 - (index >> 2), { workspace: `w${index % 2}` })))
      const [all = []] = await allPages(reader, { limit: 9 })
      expect([...all].sort()).toEqual([...names].sort())
      for (const limit of [1, 2, 3, 4]) {
        const pages = await allPages(reader, { limit })
        expect(pages.flat()).toEqual(all)
        expect(pages).toHaveLength(Math.ceil(9 / limit))
      }
      expect((await allPages(reader, { limit: 2, workspace: 'w1' })).map(({ length }) => length)).toEqual([2, 2])
    })

    it('Leaves out rows that it cannot read, in a bounded number of requests; such a page may be shorter than `limit`', async () => {
      const adapter = await handle()
      const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
      await adapter.save(names.map((id, index) => ranked(id, 9 - index)))
      for (const [kind, id] of [
        ['damaged', 'a'],
        ['newer-version', 'b'],
        ['newer-version', 'c'],
        ['damaged', 'f'],
        ['newer-version', 'h'],
      ] as const)
        if (!(await plant(adapter, kind, id))) return
      for (const limit of [1, 2, 3]) {
        const pages = await allPages(adapter, { limit })
        expect(pages.flat()).toEqual(['d', 'e', 'g'])
        for (const page of pages) expect(page.length).toBeLessThanOrEqual(limit)
      }
    })
  })

  describe('get', () => {
    describe('Gives the session, `removed` if a tombstone is there, `newer-version` if a later leftoff wrote it, `undefined` if there is none that can be read', () => {
      it('the session, a removed one, none', async () => {
        const [writer, reader] = [await handle(), await handle()]
        await writer.save([change(), change({ conversationId: 'c2' })])
        await writer.remove('u1', ['c2'])
        expect(await reader.get('u1', 'c1')).toEqual(sessionAfter(change()))
        expect(await reader.get('u1', 'c2')).toBe('removed')
        expect(await reader.get('u1', 'c3')).toBeUndefined()
      })

      it('one by a later leftoff, one that is damaged', async () => {
        const adapter = await handle()
        await adapter.save([change(), change({ conversationId: 'c2' })])
        if (!(await plant(adapter, 'newer-version', 'c1'))) return
        await plant(adapter, 'damaged', 'c2')
        for (let reads = 0; reads < 2; reads++) {
          expect(await adapter.get('u1', 'c1')).toBe('newer-version')
          expect(await adapter.get('u1', 'c2')).toBeUndefined()
        }
      })
    })
  })
}
