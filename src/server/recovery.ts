import { isLeftoffError, LeftoffError } from '../core/error.js'
import type { RecoveryReason, TurnEvent } from '../core/turn-event.js'
import { type Attempt, type AttemptContext, attemptFresh, attemptResume, isRefusal, type Refusal } from './attempt.js'
import { reportError } from './report-error.js'
import type { RecoveryReport, TurnOptions } from './turn-options.js'

/** What finding the right run needs. */
export interface Opening<M> extends AttemptContext<M> {
  /** The id that the store gave; `undefined` if there was none or it ran out. */
  readonly stored: string | undefined
  readonly isExpired: boolean
  readonly emit: (event: TurnEvent<M>) => void
}

/**
 * Which run of the agent answers this turn: the resumed one, the one without the resume point, or a fresh one.
 *
 * Tries again only when the very first thing that a resumed run gives is that the agent does not know what it was
 * asked for.
 */
export async function openRun<M>(opening: Opening<M>): Promise<Attempt<M>> {
  const { stored, isExpired } = opening
  const { agent, hasHistory, resumeAt } = opening.options

  if (stored === undefined) {
    const hasLostContext = typeof hasHistory === 'function' ? await hasHistory() : hasHistory
    return hasLostContext ? startAgain(opening, isExpired ? 'expired' : 'unknown') : startNew(opening)
  }
  if (stored === '' || agent.isSessionId?.(stored) === false) {
    return replace(opening, stored, { reason: 'invalid', evidence: malformed() })
  }

  const asked = await attemptResume(opening, { resume: stored, ...(resumeAt !== undefined && { resumeAt }) })
  if (!isRefusal(asked)) return resumed(opening, asked, stored)
  if (asked.reason !== 'stale-point') return replace(opening, stored, asked)

  const recovery = { attempted: 'without-point', reason: 'stale-point' } as const
  const again = await reporting(opening, recovery, () => attemptResume(opening, { resume: stored }))
  if (isRefusal(again)) return replace(opening, stored, again)
  return resumed(opening, again, stored, { type: 'recovered', reason: 'stale-point', contextLost: false })
}

/** The first turn of a conversation. */
async function startNew<M>(opening: Opening<M>): Promise<Attempt<M>> {
  const run = await attemptFresh(opening, undefined)
  opening.emit({ type: 'started', resumed: false })
  return run
}

/** A fresh session for a conversation that had an earlier one. */
async function startAgain<M>(opening: Opening<M>, reason: RecoveryReason): Promise<Attempt<M>> {
  const { emit, options, signal } = opening
  emit({ type: 'recovered', reason, contextLost: true })
  const run = await reporting(opening, { attempted: 'fresh', reason }, async () => {
    return attemptFresh(opening, await options.rehydrate?.({ reason, signal }))
  })
  emit({ type: 'started', resumed: false })
  return run
}

/** Forgets the id that the agent refused, and runs once without it. */
async function replace<M>(opening: Opening<M>, stored: string, { reason, evidence }: Refusal): Promise<Attempt<M>> {
  try {
    await opening.lease.clearStale(stored)
  } catch (error) {
    tell(opening.options, { attempted: 'fresh', reason, outcome: 'failed', error })
    if (isLeftoffError(error, 'lease-lost')) throw error
    throw new LeftoffError(
      'recovery-failed',
      'The agent no longer has this session, and the store could not forget it. Check the store, then send again.',
      { cause: new AggregateError([evidence, error]) },
    )
  }
  return startAgain(opening, reason)
}

/** The agent took the id. Some take any, and start a new session in silence: then another one answers. */
function resumed<M>(opening: Opening<M>, run: Attempt<M>, stored: string, recovered?: TurnEvent<M>): Attempt<M> {
  const { emit, options } = opening
  const isSame = run.agentSessionId === undefined || run.agentSessionId === stored
  if (!isSame) {
    emit({ type: 'recovered', reason: 'stale', contextLost: true })
    tell(options, { attempted: 'fresh', reason: 'stale', outcome: 'recovered' })
  } else if (recovered) emit(recovered)
  emit({ type: 'started', resumed: isSame })
  return run
}

/** Tells the app what came of a recovery. */
async function reporting<M, R extends Attempt<M> | Refusal>(
  { options }: Opening<M>,
  recovery: Pick<RecoveryReport, 'attempted' | 'reason'>,
  attempt: () => Promise<R>,
): Promise<R> {
  let result: R
  try {
    result = await attempt()
  } catch (error) {
    tell(options, { ...recovery, outcome: 'failed', error })
    throw error
  }
  tell(options, { ...recovery, outcome: isAnswer(options, result) ? 'recovered' : 'failed' })
  return result
}

/** A log that fails must not cost the answer. */
function tell<M>({ onRecovery, onError }: TurnOptions<M>, report: RecoveryReport): void {
  try {
    onRecovery?.(report)
  } catch (error) {
    reportError(onError, error)
  }
}

function isAnswer<M>({ agent }: TurnOptions<M>, result: Attempt<M> | Refusal): boolean {
  if (isRefusal(result)) return false
  const [message] = result.first
  return message !== undefined && agent.kindOf(message) !== 'failure'
}

function malformed(): LeftoffError {
  return new LeftoffError('invalid-argument', 'The stored id does not have the form of this agent’s session ids.')
}
