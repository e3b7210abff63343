import { type Clock, systemClock } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'
import type { TabKey } from '../core/tab-key.js'
import { assertAgentSessionId } from './agent-session-id.js'
import type { AgentSessionStore } from './agent-session-store.js'

/** Settings of {@link memoryAgentSessions}. */
export interface MemoryAgentSessionsOptions {
  /** How long an id lasts after the last activity; 24 h. */
  readonly expiryMs?: number
  readonly clock?: Clock
}

/**
 * Agent sessions in this process: for tests, for development, for a server that is one process and may forget on
 * restart.
 *
 * @example
 * ```ts
 * import { memoryAgentSessions, tabKey } from 'leftoff/server'
 *
 * const sessionStore = memoryAgentSessions()
 * await sessionStore.get(tabKey({ userId, workspace, tabId }))
 * ```
 */
export function memoryAgentSessions({
  expiryMs = 24 * 60 * 60 * 1000,
  clock = systemClock,
}: MemoryAgentSessionsOptions = {}): AgentSessionStore {
  // Least recently active first, so that forgetting the long expired ones looks at no others.
  const rows = new Map<TabKey, Row>()

  /**
   * The row, now the most recently active one. Slides the expiry of an id that has not run out; never revives one
   * that has.
   */
  function touch(key: TabKey, row: Row): void {
    const now = clock.now()
    if (row.expiresAt > now) row.expiresAt = now + expiryMs
    rows.delete(key)
    rows.set(key, row)
  }

  /** An expired id is remembered for one more `expiryMs`, so that a late turn is told `expired` rather than nothing. */
  function forgetLongExpired(): void {
    const now = clock.now()
    for (const [key, row] of rows) {
      if (row.expiresAt + expiryMs > now || isLeased(row, now)) return
      rows.delete(key)
    }
  }

  function store(key: TabKey, row: Row, agentSessionId: string): void {
    row.agentSessionId = agentSessionId
    row.expiresAt = clock.now() + expiryMs
    touch(key, row)
  }

  return {
    async get(key) {
      const row = rows.get(key)
      return row && row.expiresAt > clock.now() ? row.agentSessionId : undefined
    },

    async set(key, agentSessionId) {
      assertAgentSessionId(agentSessionId)
      const now = clock.now()
      const row = rows.get(key)
      if (row && isLeased(row, now)) {
        throw new LeftoffError(
          'turn-busy',
          'set: a turn is running for this key. Let it end, or delete the key first.',
          {
            retryAfterMs: row.leaseUntil - now,
          },
        )
      }
      forgetLongExpired()
      // A new row: a turn whose lease ran out must not write over this id when it ends at last.
      store(key, newRow(), agentSessionId)
    },

    async delete(key, expected) {
      const row = rows.get(key)
      if (!row || (expected !== undefined && row.agentSessionId !== expected)) return false
      return rows.delete(key)
    },

    async beginTurn(key, { leaseId, leaseMs }) {
      forgetLongExpired()
      const now = clock.now()
      const row = rows.get(key) ?? newRow()
      if (row.leaseId !== leaseId && isLeased(row, now)) return { ok: false, retryAfterMs: row.leaseUntil - now }
      row.leaseId = leaseId
      row.leaseUntil = now + leaseMs
      touch(key, row)
      if (row.agentSessionId === undefined) return { ok: true, expired: false }
      return row.expiresAt > now
        ? { ok: true, agentSessionId: row.agentSessionId, expired: false }
        : { ok: true, expired: true }
    },

    async renewTurn(key, leaseId, leaseMs) {
      const row = rows.get(key)
      if (row?.leaseId !== leaseId) return false
      row.leaseUntil = clock.now() + leaseMs
      touch(key, row)
      return true
    },

    async clearStale(key, leaseId, expected) {
      const row = rows.get(key)
      if (row?.leaseId !== leaseId || row.agentSessionId !== expected) return false
      row.agentSessionId = undefined
      return true
    },

    async endTurn(key, leaseId, agentSessionId) {
      if (agentSessionId !== undefined) assertAgentSessionId(agentSessionId)
      const row = rows.get(key)
      if (row?.leaseId !== leaseId) return false
      row.leaseId = undefined
      if (agentSessionId === undefined) touch(key, row)
      else store(key, row, agentSessionId)
      return true
    },
  }
}

interface Row {
  agentSessionId: string | undefined
  expiresAt: number
  leaseId: string | undefined
  leaseUntil: number
}

function newRow(): Row {
  return { agentSessionId: undefined, expiresAt: 0, leaseId: undefined, leaseUntil: 0 }
}

function isLeased(row: Row, now: number): boolean {
  return row.leaseId !== undefined && row.leaseUntil > now
}
