import type { TurnEvent } from '../core/turn-event.js'
import { beginTurn, type RefusedTurn } from './begin-turn.js'
import type { TurnOptions } from './turn-options.js'

/** A turn, or why it may not run. */
export type Turn<M> =
  | RefusedTurn
  | {
      readonly ok: true
      /** The one that was given, else a new one. */
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
 * import { claudeDriver, claudeEnv } from 'leftoff/agents/claude'
 * import { busyResponse, hashMessage, runTurn, tabKey, turnResponse } from 'leftoff/server'
 *
 * const { PATH, ANTHROPIC_API_KEY } = process.env
 * const env = { PATH, ANTHROPIC_API_KEY, ...claudeEnv({ workspace }) }
 * const turn = await runTurn({
 *   sessions: sessionStore,
 *   key: tabKey({ userId, workspace, tabId }),
 *   turnId,
 *   messageHash: await hashMessage(messageId, message),
 *   agent: claudeDriver,
 *   run: ({ resume, signal, onStderr }) => {
 *     const abortController = new AbortController()
 *     signal.addEventListener('abort', () => abortController.abort(), { once: true })
 *     return query({ prompt: message, options: { tools: [], env, ...(resume && { resume }), abortController, stderr: onStderr } })
 *   },
 *   hasHistory: messages.length > 0,
 *   signal: request.signal,
 * })
 * return turn.ok ? turnResponse(turn.events, toClient) : busyResponse(turn)
 * ```
 */
export async function runTurn<M>(options: TurnOptions<M>): Promise<Turn<M>> {
  const turn = await beginTurn(options)
  if (!turn.ok) return turn
  const { ok, turnId, events, stop } = turn
  return { ok, turnId, events, stop }
}
