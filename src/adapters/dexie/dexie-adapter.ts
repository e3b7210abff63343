import { readChange } from '../../core/checks.js'
import { type Clock, systemClock } from '../../core/clock.js'
import type { AdapterReport, Refusal, SessionAdapter } from '../../core/session-adapter.js'
import { type ChangeChannel, changeSignal } from './change-signal.js'
import { connection, type IndexedDbSource } from './connection.js'
import { type RowKey, read, readEpoch, write } from './database.js'
import { getRow, listRows, type OddRow } from './read-rows.js'
import { clearRows, forgetUser, removeRows, tidy } from './remove-rows.js'
import { saveRows } from './save-rows.js'

/** Options of {@link dexieAdapter}. */
export interface DexieAdapterOptions extends IndexedDbSource {
  /** The name of the database; `claude-session-storage` when omitted. */
  readonly name?: string
  /** The clock for tombstones, for the bounds of ranks and for how long opening may take. */
  readonly clock?: Clock
  /** Where IndexedDB is found; the page's own when omitted. */
  readonly indexedDB?: IDBFactory
  /** Goes with `indexedDB`. */
  readonly IDBKeyRange?: typeof globalThis.IDBKeyRange
  /** How handles tell each other of changes; a `BroadcastChannel` when omitted. */
  readonly createChannel?: (name: string) => ChangeChannel
}

/**
 * Keeps sessions in IndexedDB, a row per session. What a save resolved for survives a crash of the browser. Tabs that save the
 * same row at the same moment lose nothing: each change is applied in the transaction that reads the row.
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

  async function lookAfter(rows: readonly OddRow[]): Promise<void> {
    if (rows.length === 0) return
    // A storage that is full keeps them where they are; the rows that can be read are worth more than the move.
    await use((database) => write(database, (tables) => tidy(tables, rows))).catch(() => {})
    report(rows)
  }

  function report(rows: readonly OddRow[]): void {
    for (const { key, read } of rows) {
      const id = JSON.stringify(key)
      if (read.kind === 'row' || reported.has(id)) continue
      reported.add(id)
      const type = read.kind === 'damaged' ? 'row-quarantined' : 'newer-version'
      for (const reporter of [...reporters]) reporter({ type, conversationId: key[1], error: read.error })
    }
  }

  return {
    name: 'dexie',
    place: 'device',
    durability: 'committed',
    async list(userId, query) {
      const { page, odd } = await use((database) => listRows(database, userId, query))
      await lookAfter(odd)
      return page
    },
    async get(userId, conversationId) {
      const key: RowKey = [userId, conversationId]
      const found = await use((database) => getRow(database, key))
      if (typeof found !== 'object' || !('kind' in found)) return found
      await lookAfter([{ key, read: found }])
      return found.kind === 'newer-version' ? found.kind : undefined
    },
    async save(changes) {
      const now = clock.now()
      const refusals: Refusal[] = []
      const valid = changes.flatMap((change) => {
        const checked = readChange(change, now)
        if (checked.ok) return [checked.value]
        refusals.push({ conversationId: change.conversationId, reason: 'invalid' })
        return []
      })
      if (valid.length === 0) return refusals
      const { saved, odd, refusals: refused } = await use((database) => saveRows(database, valid))
      report(odd)
      for (const [userId, ids] of saved) signal?.announce(userId, ids)
      return [...refusals, ...refused]
    },
    async remove(userId, conversationIds) {
      if (conversationIds.length === 0) return
      await use((database) => removeRows(database, userId, conversationIds, clock.now()))
      signal?.announce(userId, conversationIds)
    },
    async clear(userId, workspace) {
      const removed = await use((database) => clearRows(database, userId, workspace, clock.now()))
      if (removed.length > 0) signal?.announce(userId, removed)
    },
    epochOf(userId) {
      return use((database) => read(database, (tables) => readEpoch(tables, userId)))
    },
    async forget(userId, nextEpoch) {
      await use((database) => forgetUser(database, userId, nextEpoch))
      reported.clear() // it names the user's conversations
      signal?.announce(userId, [])
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
