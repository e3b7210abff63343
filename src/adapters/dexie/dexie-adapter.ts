import type { AdapterReport, SessionAdapter } from '../../core/adapter.js'
import { type Clock, systemClock } from '../../core/clock.js'
import { type ChangeChannel, changeSignal } from './change-signal.js'
import { connection, type IndexedDbSource } from './connection.js'
import { listRows, readRow, setRowsAside, type UnreadableRow } from './read-rows.js'
import { clearRows, removeRows } from './remove-rows.js'
import { saveRows } from './save-rows.js'
import { signOutGuard } from './sign-outs.js'

/** Options of {@link dexieAdapter}. */
export interface DexieAdapterOptions extends IndexedDbSource {
  /** The name of the database; `claude-session-storage` when omitted. */
  readonly name?: string
  /** The clock for tombstones and for how long opening may take. */
  readonly clock?: Clock
  /** Where IndexedDB is found; the page's own when omitted. */
  readonly indexedDB?: IDBFactory
  /** Goes with `indexedDB`. */
  readonly IDBKeyRange?: typeof globalThis.IDBKeyRange
  /** How handles tell each other of changes; a `BroadcastChannel` when omitted. */
  readonly createChannel?: (name: string) => ChangeChannel
}

/**
 * Keeps sessions in IndexedDB, a row per session. What a save resolved for survives a crash of the browser, and tabs that save
 * the same row at the same moment are told apart: the base is compared in the transaction that writes.
 *
 * @example
 * ```ts
 * import { createSessionStore } from 'leftoff'
 * import { dexieAdapter } from 'leftoff/dexie'
 *
 * const store = createSessionStore({ adapter: dexieAdapter({ name: 'my-app' }) })
 * ```
 */
export function dexieAdapter({
  name = 'claude-session-storage',
  clock = systemClock,
  createChannel = typeof BroadcastChannel === 'function' ? (channel) => new BroadcastChannel(channel) : undefined,
  ...source
}: DexieAdapterOptions = {}): SessionAdapter {
  const { use, close } = connection(name, source, clock)
  const signal = createChannel && changeSignal(() => createChannel(`${name}/changed`))
  const reporters = new Set<(report: AdapterReport) => void>()
  const reported = new Set<string>()
  const signOuts = signOutGuard()

  /** What could not be read is moved out of the way, or left alone if it is of a newer version. */
  async function lookAfter(unreadable: readonly UnreadableRow[]): Promise<void> {
    const invalid = unreadable.filter(({ read }) => read.kind === 'invalid')
    // A storage that is full keeps the bytes where they are; the rows that can be read are worth more than the move.
    if (invalid.length > 0) await use((database) => setRowsAside(database, invalid)).catch(() => {})
    report(unreadable)
  }

  function report(unreadable: readonly UnreadableRow[]): void {
    for (const { key, read } of unreadable) {
      const id = JSON.stringify(key)
      if (reported.has(id)) continue
      reported.add(id)
      const [, conversationId] = key
      const type = read.kind === 'invalid' ? 'row-set-aside' : 'newer-version'
      for (const reporter of [...reporters]) reporter({ type, conversationId, error: read.error })
    }
  }

  return {
    name: 'dexie',
    place: 'device',
    durability: 'committed',
    async list(userId, query) {
      // The count first: rows that a sign-out in between removes must not be taken for those of a later sign-in.
      const [, { sessions, unreadable }] = await use((database) =>
        Promise.all([signOuts.begin(database, userId), listRows(database, userId, query)]),
      )
      if (unreadable.length > 0) await lookAfter(unreadable)
      return sessions
    },
    async get(userId, conversationId) {
      const read = await use((database) => readRow(database, [userId, conversationId]))
      if (read === undefined || read.kind === 'row') return read?.row.session
      await lookAfter([{ key: [userId, conversationId], read }])
      return undefined
    },
    async save(changes) {
      if (changes.length === 0) return []
      const { accepted, refusals, unreadable } = await use((database) => saveRows(database, changes, signOuts))
      report(unreadable)
      for (const { userId, conversationId } of accepted) signal?.tell(userId, [conversationId])
      return refusals
    },
    async remove(userId, conversationIds) {
      if (conversationIds.length === 0) return
      await use((database) => removeRows(database, userId, conversationIds, clock.now()))
      signal?.tell(userId, conversationIds)
    },
    async clear(userId, workspace) {
      signal?.tell(userId, await use((database) => clearRows(database, userId, workspace, clock.now())))
    },
    async forget(userId) {
      await use((database) => signOuts.forget(database, userId, clock.now()))
      reported.clear() // it names the user's conversations
    },
    ...(signal && { subscribe: signal.subscribe }),
    onReport(listener) {
      reporters.add(listener)
      return () => reporters.delete(listener)
    },
    async close() {
      await close()
      signal?.close()
      reporters.clear()
    },
  }
}
