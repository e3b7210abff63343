import { systemClock } from '../core/clock.js'
import { createId as randomId } from '../core/create-id.js'
import { LeftoffError } from '../core/error.js'
import type { TurnEvent } from '../core/turn-event.js'
import type { TurnState } from './agent-session-store.js'
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

/** A turn, or why it may not run. */
export type Turn<M> =
  | RefusedTurn
  | {
      readonly ok: true
      /** The one that was given, else the one that was minted. */
      readonly turnId: string
      /** Stops the agent; what it wrote stays in its session. Resolves once the key is free. */
      stop(): Promise<void>
      /**
       * To be read once. The agent starts at the first pull; a turn that is never pulled never runs, and its lease
       * runs out.
       */
      readonly events: AsyncIterable<TurnEvent<M>>
    }

/**
 * Runs one turn of the agent session that belongs to `key`: one turn at a time, each once, resumed where there is a
 * session, as a fresh one where the agent no longer has it, and never in silence.
 *
 * While it is read, `events` may throw `lease-lost` (another turn may be running: the agent was stopped),
 * `recovery-failed`, `turn-failed` (the agent threw, its result is an error, it stopped without one, or took too long),
 * `turn-interrupted` (`signal` was aborted), and whatever the store or the app's own functions threw.
 *
 * @example
 * ```ts
 * import { query } from '@anthropic-ai/claude-agent-sdk'
 * import { claudeDriver } from 'leftoff/agents/claude'
 * import { busyResponse, hashMessage, runTurn, tabKey, turnResponse } from 'leftoff/server'
 *
 * const turn = await runTurn({
 *   sessions: sessionStore,
 *   key: tabKey({ userId, workspace, tabId }),
 *   turnId,
 *   messageHash: await hashMessage(messageId, message),
 *   agent: claudeDriver,
 *   run: ({ resume, signal, onStderr }) => {
 *     const abortController = new AbortController()
 *     signal.addEventListener('abort', () => abortController.abort(), { once: true })
 *     return query({ prompt: message, options: { tools: [], ...(resume && { resume }), abortController, stderr: onStderr } })
 *   },
 *   hasHistory: messages.length > 0,
 *   signal: request.signal,
 * })
 * return turn.ok ? turnResponse(turn.events, toClient) : busyResponse(turn)
 * ```
 */
export async function runTurn<M>(options: TurnOptions<M>): Promise<Turn<M>> {
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

  const { events, stop } = turnEvents({
    options,
    stored: begun.agentSessionId,
    isExpired: begun.expired,
    lease: createLease({ sessions, key, leaseId, turnId, leaseMs, begunAt, clock }),
    stopMs: Math.min(maxStopMs, leaseMs / 3),
    maxTurnMs,
    isToBeStopped: async () => (await sessions.getTurn(key, turnId))?.state === 'stopping',
    clock,
  })
  return { ok: true, turnId, events, stop }
}

/**
 * A turn renews its lease until it ends, so what is left of it only says when the key of a dead process is free. Most
 * turns end sooner.
 */
const maxRetryMs = 2_000

/** Long enough for an agent's process to end, short enough for a person who pressed stop and types on. */
const maxStopMs = 5_000
