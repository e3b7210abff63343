import type { TabKey } from '../core/tab-key.js'

/**
 * Which agent session belongs to a tab key, whose turn it is, and what came of the last turns. Each sentence here is a
 * test.
 *
 * Every verb is one round trip, atomic, and goes by the store's own clock. Failures reject; a rejected call may have
 * taken effect. A store may forget a key once its session has expired and no lease holds it, its turns included.
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
   * Forgets the key with its turns and ends any lease; with `expected`, only if that is the stored id. Whether
   * something was removed.
   */
  delete(key: TabKey, expected?: string): Promise<boolean>
  /**
   * Takes the lease, notes the turn and reads the id. Refused while another turn holds the lease, until that one ends
   * or its lease runs out, and refused forever for a turn that the key knows. Beginning again with the same `leaseId`
   * and `turnId` is the same turn. A stored id is slid; one that ran out is not given, and `expired` says so while the
   * store remembers it.
   */
  beginTurn(key: TabKey, turn: BegunTurn): Promise<BeginTurnResult>
  /**
   * Reads what became of a turn; of the newest one if no id is given. The last 16 turns of a key are known, at least 12 if
   * their ids are as long as they may be.
   */
  getTurn(key: TabKey, turnId?: string): Promise<TurnState | undefined>
  /**
   * Marks a running turn as one to be stopped, and says whether it was running. Its lease stays, and its session; no
   * other turn is touched.
   */
  requestStop(key: TabKey, turnId: string): Promise<boolean>
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
   * Ends the lease, notes the outcome and stores the id; without an id the stored one stays. `not-started` takes the
   * turn off the row, so that it may begin again. Only while the row still holds the lease, even if it has just run
   * out; else `false` and nothing changes.
   */
  endTurn(key: TabKey, leaseId: string, end: TurnEnd): Promise<boolean>
}

/** A turn that asks for a tab key. */
export interface BegunTurn {
  /** A UUID that the server creates for this hold on the key. It is a secret, and never the `turnId`. */
  readonly leaseId: string
  /** How long the lease lasts unless it is renewed. */
  readonly leaseMs: number
  /** Names one attempt to answer one message; 1 to 64 of `A-Z a-z 0-9 _ -`. A client may choose it. */
  readonly turnId: string
  /** What {@link hashMessage} gives for the message; 1 to 16 of the same characters. */
  readonly messageHash: string
}

/** How a turn ended. */
export interface TurnEnd {
  /** The id to store. */
  readonly agentSessionId?: string
  readonly outcome: TurnOutcome
}

/** What came of a turn: `not-started` if the agent was never called. */
export type TurnOutcome = 'done' | 'stopped' | 'failed' | 'not-started'

/** What is known of a turn. */
export interface TurnState {
  readonly turnId: string
  readonly messageHash: string
  /** When it began, in ms since the epoch, by the store's clock. */
  readonly startedAt: number
  /** `interrupted`: its lease ran out without an end, as when its process died. */
  readonly state: 'running' | 'stopping' | 'done' | 'stopped' | 'failed' | 'interrupted'
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
      /** What the key knows of this `turnId`, else the turn that holds the key. */
      readonly turn: TurnState
      /** What is left of that turn's lease; 0 if it holds none. */
      readonly retryAfterMs: number
    }
