import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openTimeoutMs } from '../../src/adapters/dexie/connection.js'
import { type DexieAdapterOptions, dexieAdapter } from '../../src/adapters/dexie/dexie-adapter.js'
import { tombstoneLifetimeMs } from '../../src/adapters/dexie/remove-rows.js'
import type { AdapterReport, Change, SessionAdapter } from '../../src/core/adapter.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'
import { session } from '../support/session.js'

/** An IndexedDB: the browser's, or one in memory. */
export interface IndexedDb {
  readonly indexedDB: IDBFactory
  readonly IDBKeyRange: typeof globalThis.IDBKeyRange
  readonly IDBIndex: typeof globalThis.IDBIndex
  readonly IDBObjectStore: typeof globalThis.IDBObjectStore
}

/** What `dexieAdapter` does on any IndexedDB: the contract, and what only this adapter has to. */
export function dexieBehaviour(db: IndexedDb): void {
  const name = 'leftoff-test'
  const { put } = db.IDBObjectStore.prototype
  beforeEach(deleteDatabase)
  afterEach(() => void vi.restoreAllMocks())

  async function deleteDatabase(): Promise<void> {
    await settled(db.indexedDB.deleteDatabase(name))
  }

  /** A handle that ends with the test. */
  function open(options: DexieAdapterOptions = {}): SessionAdapter {
    const adapter = dexieAdapter({ name, indexedDB: db.indexedDB, IDBKeyRange: db.IDBKeyRange, ...options })
    onTestFinished(() => adapter.close?.())
    return adapter
  }

  /** The database as any code may open it. The connection ends with the test and hinders nobody. */
  async function openRaw(version?: number, onUpgrade = (_db: IDBDatabase) => {}): Promise<IDBDatabase> {
    const request = db.indexedDB.open(name, version)
    request.onupgradeneeded = () => onUpgrade(request.result)
    const raw = await settled(request)
    onTestFinished(() => raw.close())
    raw.onversionchange = () => raw.close()
    return raw
  }

  async function putRaw(value: unknown): Promise<void> {
    await settled((await openRaw()).transaction('rows', 'readwrite').objectStore('rows').put(value))
  }

  async function readAll(store: string): Promise<unknown[]> {
    return settled((await openRaw()).transaction(store).objectStore(store).getAll())
  }

  /** The IndexedDB with a hand on the connections made through it. */
  function tapped() {
    const connections: IDBDatabase[] = []
    const opened: IDBFactory = {
      open(database, version) {
        const request = db.indexedDB.open(database, version)
        request.addEventListener('success', () => connections.push(request.result))
        return request
      },
      deleteDatabase: (database) => db.indexedDB.deleteDatabase(database),
      databases: () => db.indexedDB.databases(),
      cmp: (a, b) => db.indexedDB.cmp(a, b),
    }
    return { connections, indexedDB: opened }
  }

  describe('two handles', () => {
    sessionAdapterConformance({
      open: () => dexieAdapter({ name, indexedDB: db.indexedDB, IDBKeyRange: db.IDBKeyRange }),
      destroy: deleteDatabase,
    })
  })

  describe('listing', () => {
    it('reads the rows it gives and no others, in either order, of a workspace or of all', async () => {
      const adapter = open()
      const times = Array.from({ length: 2_000 }, (_, at) => at)
      await adapter.save(
        times.map((at) => create({ conversationId: `c${at}`, workspace: `w${at % 2}`, lastActivity: at })),
      )
      const byIndex = vi.spyOn(db.IDBIndex.prototype, 'getAll')
      const others = [
        vi.spyOn(db.IDBObjectStore.prototype, 'getAll'),
        vi.spyOn(db.IDBObjectStore.prototype, 'openCursor'),
        vi.spyOn(db.IDBIndex.prototype, 'openCursor'),
        vi.spyOn(db.IDBIndex.prototype, 'openKeyCursor'),
      ]
      expect(ids(await adapter.list('', { limit: 3 }))).toEqual(['c1999', 'c1998', 'c1997'])
      expect(ids(await adapter.list('', { limit: 3, order: 'oldest' }))).toEqual(['c0', 'c1', 'c2'])
      expect(ids(await adapter.list('', { limit: 3, workspace: 'w0' }))).toEqual(['c1998', 'c1996', 'c1994'])
      expect(ids(await adapter.list('', { limit: 3, workspace: 'w1', order: 'oldest' }))).toEqual(['c1', 'c3', 'c5'])
      expect(byIndex.mock.results.map(({ value }) => value.result.length)).toEqual([3, 3, 3, 3])
      for (const other of others) expect(other).not.toHaveBeenCalled()
    })

    it('breaks ties by ascending id in both orders, across the limit', async () => {
      const adapter = open()
      await adapter.save(['d', 'b', 'a', 'c'].map((id) => create({ conversationId: id, lastActivity: 7 })))
      await adapter.save([create({ conversationId: 'older', lastActivity: 6 })])
      expect(ids(await adapter.list('', { limit: 3 }))).toEqual(['a', 'b', 'c'])
      expect(ids(await adapter.list('', { limit: 3, order: 'oldest' }))).toEqual(['older', 'a', 'b'])
    })

    it('gives nothing for a limit of nothing', async () => {
      const adapter = open()
      await adapter.save([create()])
      expect(await adapter.list('', { limit: 0 })).toEqual([])
    })
  })

  describe('what cannot be read', () => {
    const damaged = { schemaVersion: 1, session: { ...session({ conversationId: 'c2' }), startedAt: 'once' } }

    /** Three rows, newest first c3, c2, c1, with `value` as the second. */
    async function withSecond(value: object): Promise<SessionAdapter & { reports: AdapterReport[] }> {
      const adapter = open()
      const reports: AdapterReport[] = []
      adapter.onReport?.((report) => reports.push(report))
      await adapter.save([1, 2, 3].map((at) => create({ conversationId: `c${at}`, lastActivity: at })))
      await putRaw({ newestFirst: -2, ...value })
      return Object.assign(adapter, { reports })
    }

    it('is set aside as it is when damaged, reported once, and a list is filled up by its neighbours', async () => {
      const adapter = await withSecond(damaged)
      expect(ids(await adapter.list('', { limit: 2 }))).toEqual(['c3', 'c1'])
      expect(ids(await adapter.list('', { limit: 2 }))).toEqual(['c3', 'c1'])
      expect(await adapter.get('', 'c2')).toBeUndefined()
      expect(adapter.reports).toMatchObject([
        { type: 'row-set-aside', conversationId: 'c2', error: { code: 'invalid-session' } },
      ])
      expect(await readAll('setAside')).toEqual([{ key: ['', 'c2'], value: { newestFirst: -2, ...damaged } }])
      expect(await readAll('rows')).toHaveLength(2)
    })

    it('is set aside when got, or when saved over', async () => {
      const adapter = await withSecond(damaged)
      expect(await adapter.get('', 'c2')).toBeUndefined()
      await putRaw(damaged)
      expect(await adapter.save([update({ conversationId: 'c2', revision: 1 })])).toEqual([
        { conversationId: 'c2', reason: 'missing' },
      ])
      expect(await adapter.save([create({ conversationId: 'c2' })])).toEqual([])
      expect(await adapter.get('', 'c2')).toEqual(session({ conversationId: 'c2' }))
      expect(await readAll('setAside')).toHaveLength(2)
      expect(adapter.reports).toHaveLength(1)
    })

    it('goes with what a person removes', async () => {
      const adapter = await withSecond(damaged)
      await adapter.get('', 'c2')
      await adapter.clear('', 'another')
      expect(await readAll('setAside')).toHaveLength(1)
      await adapter.clear('', 'w')
      expect(await readAll('setAside')).toEqual([])
    })

    it('is left alone when of a newer version, not overwritten, and reported once', async () => {
      const newer = {
        schemaVersion: 99,
        newestFirst: -2,
        session: { ...session({ conversationId: 'c2' }), mood: 'new' },
      }
      const adapter = await withSecond(newer)
      expect(ids(await adapter.list('', { limit: 2 }))).toEqual(['c3', 'c1'])
      expect(await adapter.save([update({ conversationId: 'c2', revision: 1 })])).toEqual([
        { conversationId: 'c2', reason: 'newer-version' },
      ])
      expect(await readAll('rows')).toContainEqual(newer)
      expect(adapter.reports).toMatchObject([{ type: 'newer-version', conversationId: 'c2' }])
    })
  })

  describe('removing', () => {
    it('leaves nothing of the content, and forgets tombstones after 30 days', async () => {
      const clock = manualClock({ now: 1_000 })
      const adapter = open({ clock })
      await adapter.save([create({ conversationId: 'a', title: 'secret' }), create({ conversationId: 'b' })])
      await adapter.remove('', ['a'])
      expect(await readAll('tombstones')).toEqual([{ userId: '', conversationId: 'a', removedAt: 1_000 }])
      await clock.advance(tombstoneLifetimeMs)
      await adapter.remove('', ['b'])
      expect(await adapter.save([create({ conversationId: 'a' })])).toMatchObject([{ reason: 'removed' }])
      expect(await readAll('tombstones')).toHaveLength(2)
      await clock.advance(1)
      await adapter.clear('')
      expect(await readAll('tombstones')).toMatchObject([{ conversationId: 'b' }])
    })

    it('wins over a save of another tab that was begun before it ended', async () => {
      const [first, second] = [open(), open()]
      await first.save([create()])
      const [, refusals] = await Promise.all([first.remove('', ['c1']), second.save([update({ revision: 1 })])])
      // Whichever transaction came first, the row is gone and stays so.
      expect(refusals.length === 0 || refusals[0]?.reason === 'removed').toBe(true)
      expect(await second.save([update({ revision: 2 })])).toEqual([{ conversationId: 'c1', reason: 'removed' }])
      expect(await first.list('', { limit: 1 })).toEqual([])
    })
  })

  describe('a save', () => {
    it('of one row twice in a call is decided one after the other', async () => {
      const adapter = open()
      expect(await adapter.save([create(), update({ revision: 1, messageCount: 2 })])).toEqual([])
      expect(await adapter.get('', 'c1')).toEqual(session({ revision: 2, messageCount: 2 }))
    })

    it('by ten handles at once loses nothing, and one of them wins a row they all want', async () => {
      const adapters = Array.from({ length: 10 }, () => open())
      const refusals = await Promise.all(
        adapters.map((adapter, tab) =>
          adapter.save([
            create({ conversationId: `own${tab}` }),
            { ...create({ conversationId: 'shared', title: `tab ${tab}` }), saveId: `save ${tab}` },
          ]),
        ),
      )
      expect(refusals.flat().map(({ conversationId, reason }) => `${conversationId} ${reason}`)).toEqual(
        Array(9).fill('shared changed'),
      )
      expect(await adapters[0]?.list('', { limit: 20 })).toHaveLength(11)
    })

    it('that is aborted half way leaves nothing, and may be repeated', async () => {
      const tap = tapped()
      const adapter = open(tap)
      await adapter.list('', { limit: 1 })
      let writes = 0
      vi.spyOn(db.IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value) {
        const request = put.call(this, value)
        if (++writes % 2 === 0) this.transaction.abort()
        return request
      })
      const changes = ['a', 'b', 'c'].map((id) => create({ conversationId: id }))
      await expect(adapter.save(changes)).rejects.toMatchObject({ code: 'storage-unavailable' })
      vi.restoreAllMocks()
      expect(await adapter.list('', { limit: 10 })).toEqual([])
      expect(await adapter.save(changes)).toEqual([])
      expect(ids(await adapter.list('', { limit: 10 }))).toEqual(['a', 'b', 'c'])
    })

    // Filling a real quota needs a browser of its own; here the transaction ends as it does then, as observed in Chromium.
    it.each(['after its writes were made', 'while a write is pending', 'by a write that throws'])(
      'that ends for want of room, %s, says so and has changed nothing',
      async (when) => {
        const tap = tapped()
        const adapter = open(tap)
        await adapter.save([create()])
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
        const changes = [update({ revision: 1, messageCount: 9 })]
        await expect(adapter.save(changes)).rejects.toMatchObject({ code: 'quota-exceeded' })
        vi.restoreAllMocks()
        expect(await adapter.get('', 'c1')).toEqual(session())
        expect(await adapter.save(changes)).toEqual([])
        expect(tap.connections).toHaveLength(1)
      },
    )
  })

  describe('the database', () => {
    it('of a newer version is left alone', async () => {
      const raw = await openRaw(20, (upgraded) => upgraded.createObjectStore('rows').put('theirs', 'key'))
      raw.close()
      const adapter = open()
      await expect(adapter.list('', { limit: 1 })).rejects.toMatchObject({ code: 'newer-version' })
      await expect(adapter.save([create()])).rejects.toMatchObject({ code: 'newer-version' })
      expect(await readAll('rows')).toEqual(['theirs'])
      const after = await openRaw()
      expect([after.version, ...after.objectStoreNames]).toEqual([20, 'rows'])
    })

    it('whose tables are not ours is left alone', async () => {
      vi.spyOn(console, 'warn').mockImplementation(() => {}) // Dexie's own
      const raw = await openRaw(10, (upgraded) => upgraded.createObjectStore('theirs'))
      raw.close()
      await expect(open().list('', { limit: 1 })).rejects.toMatchObject({ code: 'storage-unavailable' })
      const after = await openRaw()
      expect([after.version, ...after.objectStoreNames]).toEqual([10, 'theirs'])
    })

    it('can be upgraded by another tab while this one has it open', async () => {
      const adapter = open()
      await adapter.save([create()])
      const request = db.indexedDB.open(name, 20)
      const blocked = vi.fn()
      request.onblocked = blocked
      const upgraded = await settled(request)
      onTestFinished(() => upgraded.close())
      expect(blocked).not.toHaveBeenCalled()
      await expect(adapter.list('', { limit: 1 })).rejects.toMatchObject({ code: 'newer-version' })
    })

    it('can be deleted while it is open, and is made anew at the next use', async () => {
      const adapter = open()
      await adapter.save([create()])
      await settled(db.indexedDB.deleteDatabase(name))
      expect(await adapter.list('', { limit: 1 })).toEqual([])
      expect(await adapter.save([create()])).toEqual([])
    })

    it('held by an older tab that does not let go is an error within a bound, and opens once it does', async () => {
      const older = await openRaw(1)
      older.onversionchange = null
      const clock = manualClock()
      const adapter = open({ clock })
      const listed = adapter.list('', { limit: 1 })
      const refused = expect(listed).rejects.toMatchObject({
        code: 'storage-unavailable',
        message: expect.stringContaining('Close the other tabs'),
      })
      await clock.advance(openTimeoutMs)
      await refused
      older.close()
      expect(await adapter.list('', { limit: 1 })).toEqual([])
    })

    it('is opened anew, once, when the connection is dead', async () => {
      vi.spyOn(console, 'warn').mockImplementation(() => {}) // Dexie's own
      const tap = tapped()
      const adapter = open(tap)
      await adapter.save([create()])
      tap.connections[0]?.close()
      expect(await adapter.get('', 'c1')).toEqual(session())
      expect(tap.connections).toHaveLength(2)
      expect(await adapter.save([update({ revision: 1 })])).toEqual([])
      expect(tap.connections).toHaveLength(2)
    })

    it('is not opened over and over when every connection is dead', async () => {
      const tap = tapped()
      const adapter = open(tap)
      await adapter.save([create()])
      vi.spyOn(db.IDBObjectStore.prototype, 'get').mockImplementation(() => {
        throw new DOMException(
          'Connection to Indexed Database server lost. Refresh the page to try again',
          'UnknownError',
        )
      })
      await expect(adapter.save([update({ revision: 1 })])).rejects.toMatchObject({ code: 'storage-unavailable' })
      expect(tap.connections).toHaveLength(2)
      vi.restoreAllMocks()
      expect(await adapter.save([update({ revision: 1 })])).toEqual([])
    })

    it('that may not be used is an error with a code', async () => {
      const denied = {
        ...tapped().indexedDB,
        open: () => {
          throw new DOMException('denied', 'SecurityError')
        },
      }
      await expect(open({ indexedDB: denied }).list('', { limit: 1 })).rejects.toMatchObject({
        code: 'storage-unavailable',
      })
    })
  })

  describe('closing', () => {
    it('lets a save that was begun end, tells of it, and takes no more', async () => {
      const [adapter, other] = [open(), open()]
      const told = new Promise((resolve) => other.subscribe?.('', resolve))
      const saved = adapter.save([create()])
      await adapter.close?.()
      expect(await saved).toEqual([])
      expect(await told).toEqual(['c1'])
      expect(await other.get('', 'c1')).toEqual(session())
      await expect(adapter.list('', { limit: 1 })).rejects.toMatchObject({ code: 'disposed' })
    })
  })

  describe('subscribing', () => {
    it('tells the handle that saved too, and only of its user', async () => {
      const adapter = open()
      const told: string[] = []
      const done = new Promise<void>((resolve) => {
        adapter.subscribe?.('u1', (conversationIds) => {
          told.push(...conversationIds)
          if (conversationIds.includes('last')) resolve()
        })
      })
      await adapter.save([
        create({ userId: 'u2', conversationId: 'theirs' }),
        create({ userId: 'u1', conversationId: 'mine' }),
        create({ userId: 'u1', conversationId: 'last' }),
      ])
      await done
      expect(told).toEqual(['mine', 'last'])
    })

    it('is not offered where there is no BroadcastChannel', () => {
      vi.stubGlobal('BroadcastChannel', undefined)
      onTestFinished(() => void vi.unstubAllGlobals())
      expect(open().subscribe).toBeUndefined()
    })

    it('opens no channel before it is needed, and no database', () => {
      const createChannel = vi.fn()
      const tap = tapped()
      open({ ...tap, createChannel })
      expect(createChannel).not.toHaveBeenCalled()
      expect(tap.connections).toEqual([])
    })
  })
}

function create(fields: Parameters<typeof session>[0] = {}): Change {
  const row = session({ ...fields, revision: 1 })
  return { session: row, base: 0, saveId: `create ${row.conversationId}` }
}

function update(fields: Parameters<typeof session>[0] & { revision: number }): Change {
  const row = session({ ...fields, revision: fields.revision + 1 })
  return { session: row, base: fields.revision, saveId: `update ${JSON.stringify(row)}` }
}

function ids(sessions: readonly { conversationId: string }[]): string[] {
  return sessions.map(({ conversationId }) => conversationId)
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
