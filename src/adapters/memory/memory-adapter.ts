import { applyChange, type SessionChange, type StoredRow } from '../../core/apply-change.js'
import { readChange } from '../../core/checks.js'
import { type Clock, systemClock } from '../../core/clock.js'
import type { Refusal, RefusalReason, SessionAdapter } from '../../core/session-adapter.js'
import { byRank, cursorOf, placeOf, sessionOf } from '../../core/stored-row.js'

/** Options of {@link memoryAdapter}. */
export interface MemoryAdapterOptions {
  /** The clock that bounds the ranks of changes. */
  readonly clock?: Clock
}

/**
 * Keeps sessions in this object's memory: for tests, and for apps that want nothing stored. Gone with the page.
 *
 * @example
 * ```ts
 * import { createSessionStore, memoryAdapter } from 'leftoff'
 *
 * const store = createSessionStore({ adapter: memoryAdapter(), snapshot: false })
 * ```
 */
export function memoryAdapter({ clock = systemClock }: MemoryAdapterOptions = {}): SessionAdapter {
  const users = new Map<string, User>()
  const listeners = new Map<Listener, string>()

  function userOf(userId: string): User {
    const user = users.get(userId) ?? { epoch: '', rows: new Map(), tombstones: new Set() }
    users.set(userId, user)
    return user
  }

  function currentRows(userId: string, workspace?: string): StoredRow[] {
    const { epoch, rows } = userOf(userId)
    return [...rows.values()].filter(
      (row) => row.epoch === epoch && (workspace === undefined || row.workspace === workspace),
    )
  }

  function apply(value: SessionChange): RefusalReason | undefined {
    const read = readChange(value, clock.now())
    if (!read.ok) return 'invalid'
    const { userId, conversationId, epoch } = read.value
    const user = userOf(userId)
    user.epoch ||= epoch
    if (epoch !== user.epoch) return 'signed-out'
    if (user.tombstones.has(conversationId)) return 'removed'
    const stored = user.rows.get(conversationId)
    const row = applyChange(stored?.epoch === epoch ? stored : undefined, read.value)
    if ('refused' in row) return row.refused
    user.rows.set(conversationId, row)
    announce(userId, [conversationId])
    return undefined
  }

  function remove(userId: string, conversationIds: readonly string[]): void {
    const { rows, tombstones } = userOf(userId)
    for (const id of conversationIds) {
      rows.delete(id)
      tombstones.add(id)
    }
    if (conversationIds.length > 0) announce(userId, conversationIds)
  }

  function announce(userId: string, conversationIds: readonly string[]): void {
    for (const [listener, ofUser] of [...listeners]) if (ofUser === userId) listener(conversationIds)
  }

  return {
    name: 'memory',
    place: 'device',
    durability: 'none',
    async list(userId, { workspace, limit, after }) {
      const place = after === undefined ? undefined : placeOf(after)
      const sessions = currentRows(userId, workspace).map(sessionOf).sort(byRank)
      const rest = place ? sessions.filter((session) => byRank(place, session) < 0) : sessions
      const page = rest.slice(0, limit)
      const last = page.at(-1)
      return { sessions: page, ...(last && rest.length > page.length && { next: cursorOf(last) }) }
    },
    async get(userId, conversationId) {
      const { epoch, rows, tombstones } = userOf(userId)
      if (tombstones.has(conversationId)) return 'removed'
      const row = rows.get(conversationId)
      return row?.epoch === epoch ? sessionOf(row) : undefined
    },
    async save(changes) {
      const refusals: Refusal[] = []
      for (const change of changes) {
        const reason = apply(change)
        if (reason) refusals.push({ conversationId: change.conversationId, reason })
      }
      return refusals
    },
    async remove(userId, conversationIds) {
      remove(userId, conversationIds)
    },
    async clear(userId, workspace) {
      const rows = [...userOf(userId).rows.values()].filter((row) => !workspace || row.workspace === workspace)
      remove(
        userId,
        rows.map(({ conversationId }) => conversationId),
      )
    },
    async epochOf(userId) {
      return userOf(userId).epoch
    },
    async forget(userId, nextEpoch) {
      if (userOf(userId).epoch === nextEpoch) return
      users.set(userId, { epoch: nextEpoch, rows: new Map(), tombstones: new Set() })
      announce(userId, [])
    },
    subscribe(userId, listener) {
      const own: Listener = (conversationIds) => listener(conversationIds)
      listeners.set(own, userId)
      return () => listeners.delete(own)
    },
  }
}

/** What is stored of one user. */
interface User {
  epoch: string
  readonly rows: Map<string, StoredRow>
  readonly tombstones: Set<string>
}

type Listener = (conversationIds: readonly string[]) => void
