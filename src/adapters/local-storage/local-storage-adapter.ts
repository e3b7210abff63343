import type { AdapterReport, SessionAdapter } from '../../core/adapter.js'
import { storageError } from '../../core/storage-error.js'
import { keysOfUser, type WebStorage } from '../../core/web-storage.js'
import { changeSignal } from './change-signal.js'
import { rowKeys } from './keys.js'
import { listRows } from './list-rows.js'
import { rowStorage } from './row-storage.js'
import { saveRows } from './save-rows.js'

/** Options of {@link localStorageAdapter}. */
export interface LocalStorageAdapterOptions {
  /** The prefix of all keys; `claude-session-storage` when omitted. */
  readonly name?: string
  /** The clock for tombstones, in ms since the epoch. */
  readonly now?: () => number
  /** Where to store; the page's `localStorage` when omitted. Called at each use, for it may throw. */
  readonly storage?: () => WebStorage
  /** Where `storage` events arrive; the window when omitted. */
  readonly events?: EventTarget
}

/**
 * Keeps sessions in `localStorage`, a key per row. Survives a clean close; what was written in the last seconds may be
 * gone after a crash of the browser, so prefer `dexieAdapter` where IndexedDB is at hand.
 *
 * The browser gives no way to compare and write in one step, so a refusal is not reliable when two tabs save the same row
 * at the same moment.
 *
 * @example
 * ```ts
 * import { createSessionStore, localStorageAdapter } from 'leftoff'
 *
 * const store = createSessionStore({ adapter: localStorageAdapter({ name: 'my-app' }) })
 * ```
 */
export function localStorageAdapter({
  name = 'claude-session-storage',
  now = Date.now,
  storage: openStorage = () => globalThis.localStorage,
  events = typeof addEventListener === 'function' ? globalThis : undefined,
}: LocalStorageAdapterOptions = {}): SessionAdapter {
  const keys = rowKeys(name)
  const signal = changeSignal(name, keys.parse, events)
  const reporters = new Set<(report: AdapterReport) => void>()
  const rows = rowStorage(keys, (report) => {
    for (const reporter of [...reporters]) reporter(report)
  })

  /** Runs at once, before the promise is returned: a save that begins while the page goes away is written. */
  async function use<T>(run: (storage: WebStorage) => T | Promise<T>): Promise<T> {
    try {
      return await run(openStorage())
    } catch (cause) {
      throw storageError('localStorage', cause)
    }
  }

  /** A tombstone has done its work once no writer can be that late. */
  function removeOldTombstones(storage: WebStorage): void {
    for (const key of keys.tombstones(storage)) {
      if (Number(storage.getItem(key)) < now() - tombstoneMs) storage.removeItem(key)
    }
  }

  /** Before the row goes: other tabs hear of each write by itself, and a row without tombstone would look cleared away. */
  function leaveTombstone(storage: WebStorage, tombstone: string, row: string | undefined): void {
    try {
      storage.setItem(tombstone, String(now()))
    } catch {
      if (row !== undefined) storage.removeItem(row) // makes room
      storage.setItem(tombstone, String(now()))
    }
  }

  function removeAll(
    storage: WebStorage,
    userId: string,
    rowsToRemove: readonly (readonly [id: string, key: string | undefined])[],
  ): void {
    for (const [conversationId, key] of rowsToRemove) {
      leaveTombstone(storage, keys.tombstone(userId, conversationId), key)
      if (key !== undefined) storage.removeItem(key)
      storage.removeItem(keys.title(userId, conversationId))
    }
    removeOldTombstones(storage)
    signal.tell(
      userId,
      rowsToRemove.map(([conversationId]) => conversationId),
    )
  }

  return {
    name: 'localStorage',
    place: 'device',
    durability: 'eventual',
    list: (userId, query) => use((storage) => listRows(storage, keys, rows, userId, query)),
    get: (userId, conversationId) =>
      use((storage) => {
        const key = rows.find(storage, userId, conversationId)
        const read = key === undefined ? undefined : rows.read(storage, key)
        return read?.kind === 'row' ? read.row.session : undefined
      }),
    save: (changes) =>
      use((storage) => {
        const refusals = saveRows(storage, keys, rows, changes)
        const refused = new Set(refusals.map(({ conversationId }) => conversationId))
        for (const { session } of changes) {
          if (!refused.has(session.conversationId)) signal.tell(session.userId, [session.conversationId])
        }
        return refusals
      }),
    remove: (userId, conversationIds) =>
      use((storage) => {
        const found = keys.rowsById(storage, userId, conversationIds)
        removeAll(
          storage,
          userId,
          conversationIds.map((id) => [id, found.get(id)] as const),
        )
      }),
    clear: (userId, workspace) =>
      use((storage) =>
        removeAll(
          storage,
          userId,
          keys.rowsOf(storage, userId, workspace).map((key) => [keys.idOf(key), key] as const),
        ),
      ),
    forget: (userId) =>
      use((storage) => {
        for (const key of keysOfUser(storage, name, userId)) storage.removeItem(key)
        rows.forget()
        signal.tell(userId, [])
      }),
    subscribe: signal.subscribe,
    onReport(listener) {
      reporters.add(listener)
      return () => reporters.delete(listener)
    },
  }
}

/** How long a removed row cannot come back. */
const tombstoneMs = 30 * 24 * 60 * 60 * 1_000
