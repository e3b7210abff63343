import { systemClock } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'
import { createId as randomId } from '../core/keys-and-ids.js'
import type { TurnState } from './agent-session-store.js'
import type { RunningTurn, TurnHooks } from './begun-turn.js'
import { checkTurnOptions } from './check-turn-options.js'
import { createLease, momentOf } from './lease.js'
import { turnEvents } from './turn-events.js'
import type { TurnOptions } from './turn-options.js'

/** Why a turn may not run. */
export interface RefusedTurn {
  readonly ok: false
  /**
   * `busy`: another turn has the conversation. `repeated`: this turn has begun before, and runs once. `other-message`:
   * so it has, for another message.
   */
  readonly reason: 'busy' | 'repeated' | 'other-message'
  /** The turn that stands in the way: what became of it is its `state`. */
  readonly turn: TurnState
  /** When it is worth asking again; 0 if that turn has ended. */
  readonly retryAfterMs: number
}

/** Takes the key for one turn, whose agent starts at the first pull of its events. */
export async function beginTurn<M>(
  options: TurnOptions<M>,
  hooks?: TurnHooks<M>,
): Promise<RefusedTurn | (RunningTurn<M> & { readonly ok: true; readonly turnId: string })> {
  checkTurnOptions(options)
  const { sessions, key, signal, clock = systemClock, createId = randomId } = options
  const { leaseMs = 30_000, maxTurnMs = 30 * 60_000, messageHash = '-', turnId = createId() } = options
  if (signal?.aborted) {
    throw new LeftoffError('turn-interrupted', 'The reader of this turn went away before it began.', {
      cause: signal.reason,
    })
  }

  const leaseId = createId()
  const begunAt = momentOf(clock)
  const begun = await sessions.beginTurn(key, { leaseId, leaseMs, turnId, messageHash }).catch((error: unknown) => {
    // The lease may have been taken all the same; without this the next try would find the key busy.
    sessions.endTurn(key, leaseId, { outcome: 'not-started' }).catch(() => {})
    throw error
  })
  if (!begun.ok) {
    const { turn, retryAfterMs } = begun
    const isOther = options.messageHash !== undefined && turn.messageHash !== messageHash
    const reason = turn.turnId !== turnId ? 'busy' : isOther ? 'other-message' : 'repeated'
    return { ok: false, reason, turn, retryAfterMs: Math.min(retryAfterMs, maxRetryMs) }
  }

  const turn = turnEvents({
    options,
    stored: begun.agentSessionId,
    isExpired: begun.expired,
    lease: createLease({ sessions, key, leaseId, turnId, leaseMs, begunAt, clock }),
    stopMs: Math.min(maxStopMs, leaseMs / 3),
    maxTurnMs,
    isToBeStopped: async () => (await sessions.getTurn(key, turnId))?.state === 'stopping',
    clock,
    hooks,
  })
  return { ok: true, turnId, ...turn }
}

/**
 * A turn renews its lease until it ends, so what is left of it only says when the key of a dead process is free. Most
 * turns end sooner.
 */
const maxRetryMs = 2_000

/** Long enough for an agent's process to end, short enough for a person who pressed stop and types on. */
const maxStopMs = 5_000
