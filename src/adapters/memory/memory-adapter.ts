import type { Change, ListQuery, Refusal, SessionAdapter } from '../../core/adapter.js'
import { decideChange } from '../../core/decide-change.js'
import { byActivity } from '../../core/ring.js'
import type { StoredRow } from '../../core/stored-row.js'

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
export function memoryAdapter(): SessionAdapter {
  const rows = new Map<string, StoredRow>()
  const tombstones = new Set<string>()
  const listeners = new Map<Listener, string>()

  function announce(userId: string, conversationIds: readonly string[]): void {
    for (const [listener, ofUser] of [...listeners]) if (ofUser === userId) listener(conversationIds)
  }

  function rowsOf(userId: string, workspace?: string): StoredRow[] {
    return [...rows.values()].filter(
      ({ session }) => session.userId === userId && (workspace === undefined || session.workspace === workspace),
    )
  }

  function removeRows(userId: string, conversationIds: readonly string[]): void {
    for (const conversationId of conversationIds) {
      rows.delete(keyOf(userId, conversationId))
      tombstones.add(keyOf(userId, conversationId))
    }
    announce(userId, conversationIds)
  }

  return {
    name: 'memory',
    place: 'device',
    durability: 'none',
    async list(userId, { workspace, limit, order = 'newest' }: ListQuery) {
      return rowsOf(userId, workspace)
        .map(({ session }) => session)
        .sort(byActivity(order))
        .slice(0, limit)
    },
    async get(userId, conversationId) {
      return rows.get(keyOf(userId, conversationId))?.session
    },
    async save(changes: readonly Change[]) {
      const refusals: Refusal[] = []
      for (const change of changes) {
        const { userId, conversationId } = change.session
        const key = keyOf(userId, conversationId)
        const stored = rows.get(key)
        const decision = decideChange(change, stored && { kind: 'row', row: stored }, tombstones.has(key))
        if (decision === 'repeat') continue
        if ('reason' in decision) {
          refusals.push(decision)
          continue
        }
        rows.set(key, decision)
        announce(userId, [conversationId])
      }
      return refusals
    },
    async remove(userId, conversationIds) {
      removeRows(userId, conversationIds)
    },
    async clear(userId, workspace) {
      removeRows(
        userId,
        rowsOf(userId, workspace).map(({ session }) => session.conversationId),
      )
    },
    async forget(userId) {
      const forgotten = [...rows.values()].filter(({ session }) => session.userId === userId)
      for (const { session } of forgotten) rows.delete(keyOf(userId, session.conversationId))
      for (const key of tombstones)
        if (key.startsWith(`${JSON.stringify([userId]).slice(0, -1)},`)) tombstones.delete(key)
      announce(userId, [])
    },
    subscribe(userId, listener) {
      const own: Listener = (conversationIds) => listener(conversationIds)
      listeners.set(own, userId)
      return () => listeners.delete(own)
    },
  }
}

type Listener = (conversationIds: readonly string[]) => void

function keyOf(userId: string, conversationId: string): string {
  return JSON.stringify([userId, conversationId])
}
