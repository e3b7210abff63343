import type { TabKey } from '../core/tab-key.js'

/**
 * Which agent session belongs to a tab key, and whose turn it is. Each sentence here is a test.
 *
 * Every verb is one round trip, atomic, and goes by the store's own clock. Failures reject; a rejected call may have
 * taken effect.
 */
export interface AgentSessionStore {
  /** The stored agent session id. `undefined` once it expired: no sweeper is needed. */
  get(key: TabKey): Promise<string | undefined>
  /**
   * Stores the id and slides its expiry: 24 h after the last activity unless the store was made with another
   * `expiryMs`. Rejects with `turn-busy` during a turn's lease.
   */
  set(key: TabKey, agentSessionId: string): Promise<void>
  /**
   * Forgets the key and ends any lease; with `expected`, only if that is the stored id. Whether something was
   * removed.
   */
  delete(key: TabKey, expected?: string): Promise<boolean>
  /**
   * Takes the lease and reads the id. A lease that another turn holds makes it busy, until that one ends or runs out.
   * Beginning twice with the same `leaseId` is the same turn. A stored id is slid; one that ran out is not given, and
   * `expired` says so.
   */
  beginTurn(key: TabKey, lease: TurnLease): Promise<BeginTurnResult>
  /**
   * Makes the lease last `leaseMs` from now. Only while the row still holds it, even if it has just run out; else
   * `false`.
   */
  renewTurn(key: TabKey, leaseId: string, leaseMs: number): Promise<boolean>
  /**
   * Forgets the id if it is still `expected` and the row still holds the lease, even if it has just run out; else
   * `false`. The lease stays.
   */
  clearStale(key: TabKey, leaseId: string, expected: string): Promise<boolean>
  /**
   * Ends the lease and stores the id; without an id the stored one stays. Only while the row still holds the lease,
   * even if it has just run out; else `false` and nothing changes.
   */
  endTurn(key: TabKey, leaseId: string, agentSessionId?: string): Promise<boolean>
}

/** A turn's hold on a tab key. */
export interface TurnLease {
  /** A UUID that the caller mints, one per turn. */
  readonly leaseId: string
  /** How long the lease lasts unless it is renewed. */
  readonly leaseMs: number
}

/** Whether the turn may run, and from which agent session. */
export type BeginTurnResult =
  | {
      readonly ok: true
      readonly agentSessionId?: string
      /** An id was stored, but it ran out. */
      readonly expired: boolean
    }
  | {
      readonly ok: false
      /** What is left of the other turn's lease. */
      readonly retryAfterMs: number
    }
