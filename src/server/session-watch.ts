import type { TurnEvent } from '../core/turn-event.js'
import type { Attempt } from './attempt.js'
import { reportRecovery } from './recovery.js'
import type { TurnOptions } from './turn-options.js'

/** Looks at which session answers, over all messages of a run. */
export interface SessionWatch {
  /** Called with the session of the messages so far; `undefined` while none has shown it. */
  see(agentSessionId: string | undefined): void
}

/**
 * Some agents take any id and start a new session in silence; a command such as "/clear" starts one in mid-turn. Both
 * show only by another id, so it is compared on each message. A run that was fresh has nothing to lose.
 */
export function createSessionWatch<M>(
  { asked, forks, isWithoutPoint = false }: Pick<Attempt<M>, 'asked' | 'forks' | 'isWithoutPoint'>,
  options: TurnOptions<M>,
  emit: (event: TurnEvent<M>) => void,
): SessionWatch {
  const mayChange = asked === undefined || forks || options.agent.hasNewIdEachTurn === true
  let current = asked?.resume
  let hasStarted = asked === undefined

  return {
    see(agentSessionId) {
      if (agentSessionId === undefined || (hasStarted && agentSessionId === current)) return
      const isSame = agentSessionId === current
      current = agentSessionId
      if (!isSame && !mayChange) {
        emit({ type: 'recovered', reason: 'changed', contextLost: true })
        reportRecovery(options, { attempted: 'fresh', reason: 'changed', outcome: 'recovered' })
      }
      if (hasStarted) return
      hasStarted = true
      const isResumed = isSame || mayChange
      if (isResumed && isWithoutPoint) emit({ type: 'recovered', reason: 'stale-point', contextLost: false })
      emit({ type: 'started', resumed: isResumed })
    },
  }
}
