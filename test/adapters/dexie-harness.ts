import { beforeEach, onTestFinished } from 'vitest'
import { type DexieAdapterOptions, dexieAdapter } from '../../src/adapters/dexie/index.js'
import type { SessionChange } from '../../src/core/apply-change.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import type { PlantedRow } from '../../src/testing/session-adapter-harness.js'

/** An IndexedDB: the browser's, or one in memory. */
export interface IndexedDb {
  readonly indexedDB: IDBFactory
  readonly IDBKeyRange: typeof globalThis.IDBKeyRange
  readonly IDBIndex: typeof globalThis.IDBIndex
  readonly IDBObjectStore: typeof globalThis.IDBObjectStore
}

/** One database that starts empty, and ways to it that do not lead through the adapter. */
export function dexieHarness(db: IndexedDb) {
  const name = 'leftoff-test'
  beforeEach(deleteDatabase)

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

  async function rawStore<T>(store: string, run: (found: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    return settled(run((await openRaw()).transaction(store, 'readwrite').objectStore(store)))
  }

  function readAll(store: string): Promise<unknown[]> {
    return rawStore<unknown[]>(store, (found) => found.getAll())
  }

  async function putRaw(value: unknown): Promise<void> {
    await rawStore('sessions', (sessions) => sessions.put(value))
  }

  async function plant(kind: PlantedRow, userId: string, conversationId: string): Promise<void> {
    const row = await rawStore<unknown>('sessions', (sessions) => sessions.get([userId, conversationId]))
    await putRaw(unreadable(kind, row))
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

  return { name, deleteDatabase, open, openRaw, rawStore, readAll, putRaw, plant, tapped }
}

/** What damages a row leaves its keys alone, so that lists meet it. */
export function unreadable(kind: PlantedRow, row: unknown): object {
  return { ...Object(row), ...(kind === 'damaged' ? { startedAt: 'once' } : { schemaVersion: 99, mood: 'new' }) }
}

/** A change that may begin its conversation, of an app without users. */
export function change(fields: Partial<SessionChange> = {}): SessionChange {
  return { userId: '', workspace: 'w', conversationId: 'c1', epoch: '', begins: 1, ...fields }
}

/** One whose conversation has this rank. */
export function ranked(conversationId: string, rank: number, fields: Partial<SessionChange> = {}): SessionChange {
  return change({ conversationId, activity: { at: rank, rank }, ...fields })
}

export function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
