import type { AdapterReport, Change, Refusal, SessionAdapter } from '../../core/adapter.js'
import { decideChange } from '../../core/decide-change.js'
import { byActivity } from '../../core/ring.js'
import type { ConversationSession } from '../../core/session.js'
import { storageError } from '../../core/storage-error.js'
import type { ReadRow } from '../../core/stored-row.js'
import type { WebStorage } from '../../core/web-storage.js'
import { changeSignal } from './change-signal.js'
import { rowKeys } from './keys.js'
import { rowStorage } from './row-storage.js'
import { undoable } from './undoable.js'

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
  async function use<T>(run: (storage: WebStorage) => T): Promise<T> {
    try {
      return run(openStorage())
    } catch (cause) {
      throw storageError('localStorage', cause)
    }
  }

  function saveOne(storage: WebStorage, change: Change): readonly Refusal[] {
    const { userId, workspace, conversationId } = change.session
    // Its own key says it without a scan, unless the row lies under another workspace.
    const own = keys.row(userId, workspace, conversationId)
    const key = storage.getItem(own) === null ? (keys.rowOf(storage, userId, conversationId) ?? own) : own
    const isRemoved = storage.getItem(keys.tombstone(userId, conversationId)) !== null
    const stored = rows.read(storage, key)
    if (stored?.kind === 'invalid') throw stored.error // no room to set its bytes aside, and they are not ours to drop
    const decision = decideChange(change, stored, isRemoved)
    if (decision === 'repeat') return []
    if ('reason' in decision) return [decision]
    rows.write(storage, key, decision, stored?.kind === 'row' ? stored.row : undefined)
    return []
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
    list: (userId, { workspace, limit, order = 'newest' }) =>
      use((storage) => {
        // Parsing is what costs with thousands of rows, so only those that are asked for are parsed.
        const candidates = keys.rowsOf(storage, userId, workspace).map((key) => ({
          key,
          conversationId: keys.parse(key)?.conversationId ?? '',
          lastActivity: activityOf(storage.getItem(key) ?? ''),
        }))
        const sessions: ConversationSession[] = []
        for (const { key } of candidates.sort(byActivity(order))) {
          if (sessions.length >= limit) break
          const session = sessionOf(rows.read(storage, key))
          if (session) sessions.push(session)
        }
        return sessions
      }),
    get: (userId, conversationId) =>
      use((storage) => {
        const key = keys.rowOf(storage, userId, conversationId)
        return key === undefined ? undefined : sessionOf(rows.read(storage, key))
      }),
    save: (changes) =>
      use((page) => {
        const { storage, undo } = undoable(page)
        const refusals: Refusal[] = []
        try {
          for (const change of changes) refusals.push(...saveOne(storage, change))
        } catch (error) {
          undo()
          throw error
        }
        const refused = new Set(refusals.map(({ conversationId }) => conversationId))
        for (const { session } of changes) {
          if (!refused.has(session.conversationId)) signal.tell(session.userId, [session.conversationId])
        }
        return refusals
      }),
    remove: (userId, conversationIds) =>
      use((storage) =>
        removeAll(
          storage,
          userId,
          conversationIds.map((id) => [id, keys.rowOf(storage, userId, id)] as const),
        ),
      ),
    clear: (userId, workspace) =>
      use((storage) =>
        removeAll(
          storage,
          userId,
          keys.rowsOf(storage, userId, workspace).flatMap((key) => {
            const parsed = keys.parse(key)
            return parsed ? [[parsed.conversationId, key] as const] : []
          }),
        ),
      ),
    subscribe: signal.subscribe,
    onReport(listener) {
      reporters.add(listener)
      return () => reporters.delete(listener)
    },
  }
}

/** How long a removed row cannot come back. */
const tombstoneMs = 30 * 24 * 60 * 60 * 1_000

/** A row's last activity as it stands in its text; a quote inside a string would be escaped. */
function activityOf(text: string): number {
  return Number(/"lastActivity":(\d+)/.exec(text)?.[1] ?? 0)
}

function sessionOf(read: ReadRow | undefined): ConversationSession | undefined {
  return read?.kind === 'row' ? read.row.session : undefined
}
