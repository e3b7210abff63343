import { callInTime } from '../call-in-time.js'
import type { AgentRequest, TurnOptions, TurnSettings } from '../turn-options.js'
import type { LiveTurnOptions } from './live-turn.js'

/** The handler's settings as those of one turn. */
export function turnOptionsOf<M, I>(
  { handler, key, ids, messageHash, input, fresh, clock }: LiveTurnOptions<M, I>,
  onError: (error: unknown) => void,
): TurnOptions<M> {
  const { sessions, run, rehydrate, onRecovery, maxTurnMs, leaseMs } = handler
  const settings: TurnSettings<M> = {
    sessions,
    key,
    turnId: ids.turnId,
    messageHash,
    run: (request: AgentRequest) => run({ ...ids, ...request, input }),
    fresh,
    onError,
    clock,
    ...(rehydrate && {
      rehydrate: ({ reason, signal: stopped }) =>
        callInTime(clock, longestMs, 'rehydrate', (signal) => rehydrate({ reason, signal }), stopped),
    }),
    ...(onRecovery && { onRecovery }),
    ...(maxTurnMs !== undefined && { maxTurnMs }),
    ...(leaseMs !== undefined && { leaseMs }),
  }
  if (handler.hasHistory === undefined) return { ...settings, agent: handler.agent }
  const { agent, hasHistory } = handler
  return { ...settings, agent, hasHistory: () => callInTime(clock, longestMs, 'hasHistory', () => hasHistory(ids)) }
}

const longestMs = 10_000
