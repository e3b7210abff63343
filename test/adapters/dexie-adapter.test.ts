import { Dexie } from 'dexie'
import { IDBFactory, IDBKeyRange, IDBObjectStore } from 'fake-indexeddb'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { dexieAdapter } from '../../src/adapters/dexie/dexie-adapter.js'
import type { AdapterReport, Change } from '../../src/core/adapter.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'
import { session } from '../support/session.js'

const name = 'claude-session-storage'

describe('dexieAdapter', () => {
  let indexedDB = new IDBFactory()
  beforeEach(() => {
    indexedDB = new IDBFactory()
  })
  const open = () => dexieAdapter({ indexedDB, IDBKeyRange })

  sessionAdapterConformance({ open, destroy: () => {} })

  const row = session({ title: 'Trip', messageCount: 3 })
  const created: Change = { session: row, base: 0, saveId: 's1' }

  /** The database as other code opens it. */
  function raw(version?: number): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(name, version)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  }

  async function put(value: unknown): Promise<void> {
    const database = await raw()
    const transaction = database.transaction('rows', 'readwrite')
    transaction.objectStore('rows').put(value)
    await new Promise((resolve) => {
      transaction.oncomplete = resolve
    })
    database.close()
  }

  it('reads only as many rows as are asked for, among two thousand', async () => {
    const adapter = open()
    const rows = Array.from({ length: 2_000 }, (_, at) =>
      session({ conversationId: `c${at}`, workspace: `w${at % 200}`, lastActivity: at }),
    )
    await adapter.save(rows.map((one) => ({ session: one, base: 0, saveId: one.conversationId })))
    const parse = vi.spyOn(structuredCloneHost, 'structuredClone')
    const ring = await adapter.list('', { workspace: 'w7', limit: 10 })
    const cloned = parse.mock.calls.length
    parse.mockRestore()
    expect(ring).toHaveLength(10)
    expect(ring[0]?.lastActivity).toBe(1807)
    expect(cloned).toBeGreaterThanOrEqual(10)
    expect(cloned).toBeLessThan(100) // of the ten, not of the two thousand
    await adapter.close?.()
  })

  it('leaves the database of a newer version alone', async () => {
    const adapter = open()
    await adapter.save([created])
    await adapter.close?.()
    const newer = await raw(990)
    newer.close()
    const old = open()
    await expect(old.list('', { limit: 10 })).rejects.toMatchObject({ code: 'newer-version' })
    await expect(old.save([{ ...created, saveId: 's2' }])).rejects.toMatchObject({ code: 'newer-version' })
    const still = await raw()
    expect(still.version).toBe(990)
    expect([...still.objectStoreNames]).toContain('rows')
    still.close()
    await old.close?.()
  })

  it('closes at once when another tab wants to upgrade, and says why it cannot go on', async () => {
    const adapter = open()
    await adapter.save([created])
    const newer = await raw(990) // would hang if the adapter held on to its connection
    newer.close()
    await expect(adapter.get('', 'c1')).rejects.toMatchObject({ code: 'newer-version' })
    await adapter.close?.()
  })

  it('reports a blocked opening instead of hanging', async () => {
    const older = new Dexie(name, { indexedDB, IDBKeyRange })
    older.version(0.1).stores({ rows: '' })
    await older.open()
    older.on('versionchange', () => false) // an older tab that does not let go
    const clock = manualClock()
    const adapter = dexieAdapter({ indexedDB, IDBKeyRange, clock })
    const listed = adapter.list('', { limit: 1 })
    listed.catch(() => {})
    await clock.advance(5_000)
    await expect(listed).rejects.toMatchObject({ code: 'storage-unavailable' })
    older.close()
    await adapter.close?.()
  })

  it('opens again, once, after the connection was lost', async () => {
    const adapter = open()
    await adapter.save([created])
    const transaction = vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(() => {
      throw new DOMException('Connection to Indexed Database server lost', 'UnknownError')
    })
    expect(await adapter.get('', 'c1')).toEqual(row)
    transaction.mockRestore()
    await adapter.close?.()
  })

  it('sets a damaged row aside with its bytes, keeps its neighbours, and reports once', async () => {
    const adapter = open()
    const reports: AdapterReport[] = []
    adapter.onReport?.((report) => reports.push(report))
    await adapter.save([created, { session: session({ conversationId: 'c2' }), base: 0, saveId: 's2' }])
    const damaged = { schemaVersion: 1, saveId: 's1', newestFirst: 0, session: { ...row, messageCount: 'many' } }
    await put(damaged)
    expect(await adapter.list('', { limit: 10 })).toMatchObject([{ conversationId: 'c2' }])
    expect(await adapter.get('', 'c1')).toBeUndefined()
    expect(reports).toMatchObject([{ type: 'row-set-aside', conversationId: 'c1', error: { code: 'invalid-session' } }])
    const database = await raw()
    const kept = await new Promise<unknown[]>((resolve) => {
      const request = database.transaction('setAside').objectStore('setAside').getAll()
      request.onsuccess = () => resolve(request.result)
    })
    expect(kept).toMatchObject([{ value: damaged }])
    database.close()
    await adapter.close?.()
  })

  it('refuses to overwrite a row of a newer version', async () => {
    const adapter = open()
    const reports: AdapterReport[] = []
    adapter.onReport?.((report) => reports.push(report))
    await adapter.save([created])
    const newer = { schemaVersion: 99, newestFirst: 0, session: { userId: '', conversationId: 'c1' } }
    await put(newer)
    expect(await adapter.save([{ session: { ...row, revision: 2 }, base: 1, saveId: 's2' }])).toEqual([
      { conversationId: 'c1', reason: 'newer-version' },
    ])
    expect(await adapter.get('', 'c1')).toBeUndefined()
    expect(reports.map(({ type }) => type)).toEqual(['newer-version'])
    await adapter.close?.()
  })

  it('says when the storage is full, and has saved nothing of that call', async () => {
    const adapter = open()
    await adapter.save([created])
    const real = IDBObjectStore.prototype.put
    const spy = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      value,
      key,
    ) {
      if (JSON.stringify(value).includes('too much')) throw new DOMException('full', 'QuotaExceededError')
      return real.call(this, value, key)
    })
    const changes: Change[] = [
      { session: { ...row, messageCount: 9, revision: 2 }, base: 1, saveId: 's2' },
      { session: session({ conversationId: 'c2', title: 'too much' }), base: 0, saveId: 's3' },
    ]
    await expect(adapter.save(changes)).rejects.toMatchObject({ code: 'quota-exceeded' })
    spy.mockRestore()
    expect(await adapter.get('', 'c1')).toEqual(row)
    expect(await adapter.save(changes)).toEqual([])
    await adapter.close?.()
  })

  it('says that storage is unavailable where there is no IndexedDB', async () => {
    await expect(dexieAdapter().list('', { limit: 1 })).rejects.toMatchObject({ code: 'storage-unavailable' })
  })

  it('keeps a tombstone for 30 days', async () => {
    const clock = manualClock({ now: 1_000_000 })
    const adapter = dexieAdapter({ indexedDB, IDBKeyRange, clock })
    await adapter.save([created])
    await adapter.remove('', ['c1'])
    await clock.advance(29 * 24 * 60 * 60 * 1_000)
    expect(await adapter.save([{ ...created, saveId: 'late' }])).toMatchObject([{ reason: 'removed' }])
    await adapter.close?.()
  })
})

/** fake-indexeddb clones each value it gives out. */
const structuredCloneHost: { structuredClone: typeof structuredClone } = globalThis
