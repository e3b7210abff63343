import { type Clock, systemClock } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'
import type { TabKey } from '../core/tab-key.js'
import { assertAgentSessionId } from './agent-session-id.js'
import type { AgentSessionStore, TurnOutcome, TurnState } from './agent-session-store.js'
import { assertTurnIds } from './turn-ids.js'

/** Settings of {@link memoryAgentSessions}. */
export interface MemoryAgentSessionsOptions {
  /** How long an id lasts after the last activity; 24 h. */
  readonly expiryMs?: number
  /**
   * How many keys are kept; 50,000. One more makes it forget the one that was quiet for the longest, unless a turn
   * holds it.
   */
  readonly maxKeys?: number
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
  maxKeys = 50_000,
  clock = systemClock,
}: MemoryAgentSessionsOptions = {}): AgentSessionStore {
  // Least recently active first, so that forgetting the long expired ones looks at no others.
  const rows = new Map<TabKey, Row>()

  /** Leases go by a clock that nobody sets: a second turn must not get in because the wall clock was put right. */
  const isLeased = (row: Row): boolean => row.leaseId !== undefined && row.leaseUntil > clock.monotonic()
  const leaseLeft = (row: Row): number => row.leaseUntil - clock.monotonic()

  /**
   * The row, now the most recently active one. Slides the expiry of an id that has not run out; never revives one
   * that has.
   */
  function touch(key: TabKey, row: Row): void {
    const now = clock.now()
    if (row.agentSessionId === undefined || row.expiresAt > now) row.expiresAt = now + expiryMs
    rows.delete(key)
    rows.set(key, row)
  }

  /** An expired id is remembered for one more `expiryMs`, so that a late turn gets `expired` rather than nothing. */
  function forgetLongExpired(): void {
    const now = clock.now()
    for (const [key, row] of rows) {
      if (row.expiresAt + expiryMs > now || isLeased(row)) return
      rows.delete(key)
    }
  }

  /** Clients choose keys, so their number is bounded. */
  function makeRoom(key: TabKey): void {
    forgetLongExpired()
    if (rows.size < maxKeys || rows.has(key)) return
    for (const [oldest, row] of rows) {
      if (isLeased(row)) continue
      rows.delete(oldest)
      return
    }
    throw new LeftoffError(
      'storage-unavailable',
      `memoryAgentSessions keeps ${maxKeys} keys, and a turn runs for each. Raise maxKeys, or use a database.`,
    )
  }

  function store(key: TabKey, row: Row, agentSessionId: string): void {
    row.agentSessionId = agentSessionId
    row.expiresAt = clock.now() + expiryMs
    touch(key, row)
  }

  function stateOf(row: Row, turn: Noted | undefined): TurnState | undefined {
    if (!turn) return undefined
    const { turnId, messageHash, startedAt, ended } = turn
    const isHeld = turn === row.turns[0] && isLeased(row)
    return { turnId, messageHash, startedAt, state: ended ?? (isHeld ? turn.state : 'interrupted') }
  }

  const find = (row: Row | undefined, turnId: string) => row?.turns.find((turn) => turn.turnId === turnId)

  return {
    async get(key) {
      const row = rows.get(key)
      return row && row.expiresAt > clock.now() ? row.agentSessionId : undefined
    },

    async set(key, agentSessionId) {
      assertAgentSessionId(agentSessionId)
      const row = rows.get(key)
      if (row && isLeased(row)) {
        throw new LeftoffError(
          'turn-busy',
          'set: a turn is running for this key. Let it end, or delete the key first.',
          { retryAfterMs: leaseLeft(row) },
        )
      }
      makeRoom(key)
      // A turn whose lease ran out must not write over this id when it ends at last.
      store(key, { ...newRow(), turns: row?.turns ?? [] }, agentSessionId)
    },

    async delete(key, expected) {
      const row = rows.get(key)
      if (!row || (expected !== undefined && row.agentSessionId !== expected)) return false
      return rows.delete(key)
    },

    async beginTurn(key, { leaseId, leaseMs, turnId, messageHash }) {
      assertTurnIds({ turnId, messageHash })
      makeRoom(key)
      const row = rows.get(key) ?? newRow()
      const known = find(row, turnId)
      const isSame = row.leaseId === leaseId && known !== undefined && known === row.turns[0]
      const stands = known ?? (isLeased(row) ? row.turns[0] : undefined)
      const state = stateOf(row, stands)
      if (!isSame && state) {
        const isHeld = stands === row.turns[0] && isLeased(row)
        return { ok: false, turn: state, retryAfterMs: isHeld ? leaseLeft(row) : 0 }
      }
      row.leaseId = leaseId
      row.leaseUntil = clock.monotonic() + leaseMs
      if (!isSame) {
        const turn: Noted = { turnId, messageHash, startedAt: clock.now(), state: 'running', ended: undefined }
        row.turns = [turn, ...row.turns.slice(0, 15)]
      }
      touch(key, row)
      if (row.agentSessionId === undefined) return { ok: true, expired: false }
      return row.expiresAt > clock.now()
        ? { ok: true, agentSessionId: row.agentSessionId, expired: false }
        : { ok: true, expired: true }
    },

    async getTurn(key, turnId) {
      const row = rows.get(key)
      return row && stateOf(row, turnId === undefined ? row.turns[0] : find(row, turnId))
    },

    async requestStop(key, turnId) {
      const row = rows.get(key)
      const [turn] = row?.turns ?? []
      if (!row || !turn || turn.turnId !== turnId || !isLeased(row)) return false
      turn.state = 'stopping'
      return true
    },

    async renewTurn(key, leaseId, leaseMs) {
      const row = rows.get(key)
      if (row?.leaseId !== leaseId) return false
      row.leaseUntil = clock.monotonic() + leaseMs
      return true
    },

    async clearStale(key, leaseId, expected) {
      const row = rows.get(key)
      if (row?.leaseId !== leaseId || row.agentSessionId !== expected) return false
      row.agentSessionId = undefined
      return true
    },

    async endTurn(key, leaseId, { agentSessionId, outcome }) {
      if (agentSessionId !== undefined) assertAgentSessionId(agentSessionId)
      const row = rows.get(key)
      if (row?.leaseId !== leaseId) return false
      row.leaseId = undefined
      const [turn] = row.turns
      if (outcome === 'not-started') row.turns = row.turns.slice(1)
      else if (turn) turn.ended = outcome
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
  /** In monotonic time. */
  leaseUntil: number
  /** Newest first: a lease is the first one's. */
  turns: readonly Noted[]
}

interface Noted {
  readonly turnId: string
  readonly messageHash: string
  readonly startedAt: number
  state: 'running' | 'stopping'
  ended: Exclude<TurnOutcome, 'not-started'> | undefined
}

function newRow(): Row {
  return { agentSessionId: undefined, expiresAt: 0, leaseId: undefined, leaseUntil: 0, turns: [] }
}
