import { systemClock } from '../core/clock.js'
import { createId as randomId } from '../core/create-id.js'
import { LeftoffError } from '../core/error.js'
import type { TurnEvent } from '../core/turn-event.js'
import { checkTurnOptions } from './check-turn-options.js'
import { createLease } from './lease.js'
import { turnEvents } from './turn-events.js'
import type { TurnOptions } from './turn-options.js'

/** A turn, or that another one has the conversation, and when it is worth asking again. */
export type Turn<M> =
  | { readonly ok: false; readonly retryAfterMs: number }
  | {
      readonly ok: true
      /**
       * To be read once. The agent starts at the first pull; a turn that is never pulled never runs, and its lease
       * runs out.
       */
      readonly events: AsyncIterable<TurnEvent<M>>
    }

/**
 * Runs one turn of the agent session that belongs to `key`: one turn at a time, resumed where there is a session, as
 * a fresh one where the agent no longer has it, and never in silence.
 *
 * While it is read, `events` may throw `lease-lost` (another turn may be running: the agent was stopped),
 * `recovery-failed`, `turn-failed` (the agent's result is an error, or it stopped without one), `turn-interrupted`
 * (`signal` was aborted), and whatever the agent, the store or the app's own functions threw.
 *
 * @example
 * ```ts
 * import { query } from '@anthropic-ai/claude-agent-sdk'
 * import { claudeDriver } from 'leftoff/agents/claude'
 * import { busyResponse, runTurn, tabKey, turnResponse } from 'leftoff/server'
 *
 * const turn = await runTurn({
 *   sessions: sessionStore,
 *   key: tabKey({ userId, workspace, tabId }),
 *   agent: claudeDriver,
 *   run: ({ resume, signal, onStderr }) => {
 *     const abortController = new AbortController()
 *     signal.addEventListener('abort', () => abortController.abort(), { once: true })
 *     return query({ prompt: message, options: { ...(resume && { resume }), abortController, stderr: onStderr } })
 *   },
 *   hasHistory: messages.length > 0,
 *   signal: request.signal,
 * })
 * return turn.ok ? turnResponse(turn.events, toClient) : busyResponse(turn.retryAfterMs)
 * ```
 */
export async function runTurn<M>(options: TurnOptions<M>): Promise<Turn<M>> {
  checkTurnOptions(options)
  const { sessions, key, signal, leaseMs = 30_000, clock = systemClock, createId = randomId } = options
  if (signal?.aborted) {
    throw new LeftoffError('turn-interrupted', 'The reader of this turn went away before it began.', {
      cause: signal.reason,
    })
  }

  const leaseId = createId()
  const begunAt = clock.monotonic()
  const begun = await sessions.beginTurn(key, { leaseId, leaseMs }).catch((error: unknown) => {
    // The lease may have been taken all the same; without this the next try would find the key busy.
    sessions.endTurn(key, leaseId).catch(() => {})
    throw error
  })
  if (!begun.ok) return { ok: false, retryAfterMs: Math.min(begun.retryAfterMs, maxRetryMs) }

  const lease = createLease({ sessions, key, leaseId, leaseMs, begunAt, clock })
  const events = turnEvents({
    options,
    stored: begun.agentSessionId,
    isExpired: begun.expired,
    lease,
    stopMs: Math.min(maxStopMs, leaseMs / 3),
    clock,
  })
  return { ok: true, events }
}

/**
 * A turn renews its lease until it ends, so what is left of it only says when the key of a dead process is free. Most
 * turns end sooner.
 */
const maxRetryMs = 2_000

/** Long enough for an agent's process to end, short enough for a person who pressed stop and types on. */
const maxStopMs = 5_000
