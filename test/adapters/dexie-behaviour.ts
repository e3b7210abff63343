import { afterEach, describe, expect, it, vi } from 'vitest'
import { dexieAdapter } from '../../src/adapters/dexie/index.js'
import { maxRowsSkipped } from '../../src/adapters/dexie/read-rows.js'
import { tombstoneLifetimeMs } from '../../src/adapters/dexie/remove-rows.js'
import type { AdapterReport, SessionAdapter } from '../../src/core/session-adapter.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'
import { ids } from '../../src/testing/session-adapter-harness.js'
import { change, dexieHarness, type IndexedDb, ranked, unreadable } from './dexie-harness.js'

/** What `dexieAdapter` does on any IndexedDB: the contract, and what only this adapter has to. */
export function dexieBehaviour(db: IndexedDb): void {
  const { name, deleteDatabase, open, rawStore, readAll, putRaw, plant, tapped } = dexieHarness(db)
  const { put } = db.IDBObjectStore.prototype
  afterEach(() => void vi.restoreAllMocks())

  describe('two handles', () => {
    sessionAdapterConformance({
      open: () => dexieAdapter({ name, indexedDB: db.indexedDB, IDBKeyRange: db.IDBKeyRange }),
      destroy: deleteDatabase,
      plant,
    })
  })

  describe('listing', () => {
    it('reads one row more than it gives and no others, of a workspace or of all, on each page', async () => {
      const adapter = open()
      await adapter.save(Array.from({ length: 2_000 }, (_, at) => ranked(`c${at}`, at, { workspace: `w${at % 2}` })))
      const byIndex = vi.spyOn(db.IDBIndex.prototype, 'getAll')
      const others = [
        vi.spyOn(db.IDBObjectStore.prototype, 'getAll'),
        vi.spyOn(db.IDBObjectStore.prototype, 'openCursor'),
        vi.spyOn(db.IDBIndex.prototype, 'openCursor'),
        vi.spyOn(db.IDBIndex.prototype, 'openKeyCursor'),
      ]
      const first = await adapter.list('', { limit: 3 })
      expect(ids(first.sessions)).toEqual(['c1999', 'c1998', 'c1997'])
      const second = await adapter.list('', { limit: 3, ...after(first.next) })
      expect(ids(second.sessions)).toEqual(['c1996', 'c1995', 'c1994'])
      expect(ids((await adapter.list('', { limit: 3, workspace: 'w0' })).sessions)).toEqual(['c1998', 'c1996', 'c1994'])
      expect(byIndex.mock.results.map(({ value }) => value.result.length)).toEqual([4, 4, 4])
      for (const other of others) expect(other).not.toHaveBeenCalled()
    })
  })

  describe('what cannot be read', () => {
    /** Three rows, newest first c3, c2, c1, the second of them unreadable. */
    async function withSecond(
      kind: 'damaged' | 'newer-version',
    ): Promise<SessionAdapter & { reports: AdapterReport[] }> {
      const adapter = open()
      const reports: AdapterReport[] = []
      adapter.onReport?.((report) => reports.push(report))
      await adapter.save([1, 2, 3].map((at) => ranked(`c${at}`, at)))
      await plant(kind, '', 'c2')
      return Object.assign(adapter, { reports })
    }

    it('is quarantined as it is if damaged, reported once, and its neighbours fill the page', async () => {
      const adapter = await withSecond('damaged')
      const [, damaged] = await readAll('sessions')
      for (let reads = 0; reads < 2; reads++)
        expect(ids((await adapter.list('', { limit: 2 })).sessions)).toEqual(['c3', 'c1'])
      expect(await adapter.get('', 'c2')).toBeUndefined()
      expect(adapter.reports).toMatchObject([
        { type: 'row-quarantined', conversationId: 'c2', error: { code: 'invalid-session' } },
      ])
      expect(adapter.reports[0]?.error.message).toContain('startedAt')
      expect(await readAll('quarantine')).toEqual([{ key: ['', 'c2'], value: damaged }])
      expect(await readAll('sessions')).toHaveLength(2)
    })

    it('is quarantined if got, or saved over', async () => {
      const adapter = await withSecond('damaged')
      const [, damaged] = await readAll('sessions')
      expect(await adapter.get('', 'c2')).toBeUndefined()
      await putRaw(damaged)
      const { begins: _, ...later } = change({ conversationId: 'c2' })
      expect(await adapter.save([later])).toEqual([{ conversationId: 'c2', reason: 'unknown' }])
      await putRaw(damaged)
      expect(await adapter.save([ranked('c2', 9)])).toEqual([])
      expect(await adapter.get('', 'c2')).toMatchObject({ rank: 9 })
      expect(await readAll('quarantine')).toHaveLength(3)
      expect(adapter.reports).toHaveLength(1)
    })

    it('goes with what a person removes', async () => {
      const adapter = await withSecond('damaged')
      await adapter.get('', 'c2')
      await adapter.clear('', 'another')
      expect(await readAll('quarantine')).toHaveLength(1)
      await adapter.clear('', 'w')
      expect(await readAll('quarantine')).toEqual([])
    })

    it('goes with a user who signs out, and only theirs', async () => {
      const adapter = await withSecond('damaged')
      await adapter.save([change({ userId: 'u2' })])
      await plant('damaged', 'u2', 'c1')
      await adapter.get('u2', 'c1')
      await adapter.get('', 'c2')
      await adapter.forget?.('', 'e1')
      expect(await readAll('quarantine')).toMatchObject([{ key: ['u2', 'c1'] }])
    })

    it('is left alone if a newer version wrote it', async () => {
      const adapter = await withSecond('newer-version')
      const before = await readAll('sessions')
      expect(ids((await adapter.list('', { limit: 2 })).sessions)).toEqual(['c3', 'c1'])
      expect(await adapter.save([change({ conversationId: 'c2' })])).toMatchObject([{ reason: 'newer-version' }])
      expect(await readAll('sessions')).toEqual(before)
      expect(await readAll('quarantine')).toEqual([])
    })

    it('costs a page two requests, however many such rows there are', async () => {
      const adapter = open()
      const changes = Array.from({ length: maxRowsSkipped + 500 }, (_, at) => ranked(`c${at}`, at))
      await adapter.save([ranked('last', 0), ...changes, ranked('newest', changes.length)])
      const newer = (await readAll('sessions')).slice(0, changes.length).map((row) => unreadable('newer-version', row))
      await rawStore('sessions', (sessions) => newer.map((row) => sessions.put(row)).at(-1) ?? expect.fail())
      const byIndex = vi.spyOn(db.IDBIndex.prototype, 'getAll')
      const first = await adapter.list('', { limit: 10 })
      expect(ids(first.sessions)).toEqual(['newest'])
      expect(byIndex).toHaveBeenCalledTimes(2)
      const second = await adapter.list('', { limit: 10, ...after(first.next) })
      expect(second).toMatchObject({ sessions: [{ conversationId: 'last' }] })
      expect(second.next).toBeUndefined()
      expect(byIndex).toHaveBeenCalledTimes(4)
    })
  })

  describe('rows of an epoch that ended', () => {
    it('are deleted once a list meets them', async () => {
      const adapter = open()
      await adapter.save([ranked('old', 1), ranked('older', 2)])
      await adapter.save([ranked('new', 3, { epoch: 'e1' })])
      expect(await readAll('sessions')).toHaveLength(3)
      expect(ids((await adapter.list('', { limit: 9 })).sessions)).toEqual(['new'])
      expect(await readAll('sessions')).toMatchObject([{ conversationId: 'new', epoch: 'e1' }])
    })

    it('are not deleted while no epoch is stored: whoever knows it writes it again', async () => {
      const adapter = open()
      await adapter.save([ranked('kept', 1)])
      const [row] = await readAll('sessions')
      await putRaw({ ...Object(row), epoch: 'e1' })
      expect(await adapter.list('', { limit: 9 })).toEqual({ sessions: [] })
      await adapter.save([ranked('new', 2, { epoch: 'e1' })])
      expect(ids((await adapter.list('', { limit: 9 })).sessions)).toEqual(['new', 'kept'])
    })
  })

  describe('removing', () => {
    it('leaves nothing of the content, and forgets tombstones after 30 days', async () => {
      const clock = manualClock({ now: 1_000 })
      const adapter = open({ clock })
      await adapter.save([
        change({ conversationId: 'a', titles: { app: { text: 'secret', rank: 1 } } }),
        ranked('b', 1),
      ])
      await adapter.remove('', ['a'])
      expect(await readAll('tombstones')).toEqual([{ userId: '', conversationId: 'a', removedAt: 1_000 }])
      await clock.advance(tombstoneLifetimeMs)
      await adapter.remove('', ['b'])
      expect(await adapter.save([ranked('a', 1)])).toMatchObject([{ reason: 'removed' }])
      expect(await readAll('tombstones')).toHaveLength(2)
      await clock.advance(1)
      await adapter.clear('')
      expect(await readAll('tombstones')).toMatchObject([{ conversationId: 'b' }])
    })

    it('wins over a save of another tab that was begun before it ended', async () => {
      const [first, second] = [open(), open()]
      await first.save([change()])
      const [, refusals] = await Promise.all([first.remove('', ['c1']), second.save([change()])])
      // Whichever transaction came first, the row is gone and stays so.
      expect(refusals.length === 0 || refusals[0]?.reason === 'removed').toBe(true)
      expect(await second.save([change()])).toEqual([{ conversationId: 'c1', reason: 'removed' }])
      expect(await first.list('', { limit: 1 })).toEqual({ sessions: [] })
    })
  })

  it('signing out leaves neither rows nor the id of the user', async () => {
    const adapter = open()
    await adapter.save([
      change({ userId: 'ann@example.org' }),
      change({ userId: 'ann@example.org', conversationId: 'x' }),
    ])
    await adapter.remove('ann@example.org', ['x'])
    await adapter.forget?.('ann@example.org', 'e1')
    const left = await Promise.all(['sessions', 'tombstones', 'quarantine', 'epochs'].map(readAll))
    expect(left.map(({ length }) => length)).toEqual([0, 0, 0, 1])
    expect(JSON.stringify(left)).not.toContain('ann')
  })

  describe('a save', () => {
    it('that is aborted half way leaves nothing, and may be repeated', async () => {
      const adapter = open(tapped())
      await adapter.list('', { limit: 1 })
      let writes = 0
      vi.spyOn(db.IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value) {
        const request = put.call(this, value)
        if (++writes % 2 === 0) this.transaction.abort()
        return request
      })
      const changes = [ranked('a', 3), ranked('b', 2), ranked('c', 1)]
      await expect(adapter.save(changes)).rejects.toMatchObject({ code: 'storage-unavailable' })
      vi.restoreAllMocks()
      expect(await adapter.list('', { limit: 10 })).toEqual({ sessions: [] })
      expect(await adapter.save(changes)).toEqual([])
      expect(ids((await adapter.list('', { limit: 10 })).sessions)).toEqual(['a', 'b', 'c'])
    })

    // Filling a real quota needs a browser of its own; here the transaction ends as it does then, as observed in Chromium.
    it.each(['after its writes were made', 'while a write is pending', 'by a write that throws'])(
      'rolls back when the quota is exceeded %s',
      async (when) => {
        const tap = tapped()
        const adapter = open(tap)
        await adapter.save([ranked('c1', 1)])
        vi.spyOn(db.IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value) {
          if (when === 'by a write that throws') throw new DOMException('full', 'QuotaExceededError')
          const request = put.call(this, value)
          const { transaction } = this
          const abort = (): void => {
            Object.defineProperty(transaction, 'error', { value: new DOMException('full', 'QuotaExceededError') })
            transaction.abort()
          }
          if (when === 'while a write is pending') abort()
          else request.addEventListener('success', abort)
          return request
        })
        const changes = [ranked('c1', 9)]
        await expect(adapter.save(changes)).rejects.toMatchObject({ code: 'quota-exceeded' })
        vi.restoreAllMocks()
        expect(await adapter.get('', 'c1')).toMatchObject({ rank: 1 })
        expect(await adapter.save(changes)).toEqual([])
        expect(tap.connections).toHaveLength(1)
      },
    )
  })
}

function after(next: string | undefined): { after?: string } {
  return next === undefined ? {} : { after: next }
}
