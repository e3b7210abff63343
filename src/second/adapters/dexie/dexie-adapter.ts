import { type Clock, systemClock } from '../../../core/clock.js'
import type { AdapterReport, Refusal, SessionAdapter } from '../../core/adapter.js'
import type { SessionChange } from '../../core/change.js'
import { readChange } from '../../core/checks.js'
import { type ChangeChannel, changeSignal } from './change-signal.js'
import { connection, type IndexedDbSource } from './connection.js'
import { type RowKey, read } from './database.js'
import { forgetUser, readEpoch } from './epochs.js'
import { getRow, listRows, type OddRow, tidyRows } from './read-rows.js'
import { clearRows, removeRows } from './remove-rows.js'
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

  async function tidy(rows: readonly OddRow[]): Promise<void> {
    const movable = rows.filter(({ read }) => read.kind !== 'newer-version')
    // A storage that is full keeps them where they are; the rows that can be read are worth more than the move.
    if (movable.length > 0) await use((database) => tidyRows(database, movable)).catch(() => {})
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
      if (odd.length > 0) await tidy(odd)
      return page
    },
    async get(userId, conversationId) {
      const key: RowKey = [userId, conversationId]
      const found = await use((database) => getRow(database, key))
      if (found === undefined || found === 'removed') return found
      if ('session' in found) return found.session
      await tidy([{ key, read: found }])
      return found.kind === 'newer-version' ? found.kind : undefined
    },
    async save(changes) {
      const { valid, refusals } = checkChanges(changes, clock.now())
      if (valid.length === 0) return refusals
      const saved = await use((database) => saveRows(database, valid))
      report(saved.odd)
      for (const [userId, ids] of saved.changed) signal?.announce(userId, ids)
      return [...refusals, ...saved.refusals]
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

function checkChanges(changes: readonly SessionChange[], now: number) {
  const valid: SessionChange[] = []
  const refusals: Refusal[] = []
  for (const change of changes) {
    const checked = readChange(change, now)
    if (checked.ok) valid.push(checked.value)
    else refusals.push({ conversationId: change.conversationId, reason: 'invalid' })
  }
  return { valid, refusals }
}
