import type { ResumeAttempt } from '../core/agent-driver.js'
import { isLeftoffError, LeftoffError } from '../core/error.js'
import type { RecoveryReason, TurnEvent } from '../core/turn-event.js'
import { type Attempt, type AttemptContext, attemptFresh, attemptResume, isRefusal, type Refusal } from './attempt.js'
import { contain, reportError } from './report-error.js'
import { keptSession } from './turn-errors.js'
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
  const { agent, hasHistory = false, resumeAt, fresh = false } = opening.options

  if (agent.isStateless) return startNew(opening)
  if (stored === undefined) {
    const hasLostContext = typeof hasHistory === 'function' ? await hasHistory() : hasHistory
    return hasLostContext ? startAgain(opening, isExpired ? 'expired' : 'unknown') : startNew(opening)
  }
  if (fresh) return replace(opening, stored, { reason: 'fresh', evidence: undefined })
  if (stored === '' || agent.isSessionId?.(stored) === false) {
    return replace(opening, stored, { reason: 'invalid', evidence: malformed() })
  }

  const asked = await attemptResume(opening, { resume: stored, ...(resumeAt !== undefined && { resumeAt }) })
  if (!isRefusal(asked)) return asked
  if (asked.reason === 'unusable') throw await giveUp(opening, stored, asked.evidence)
  if (asked.reason !== 'stale-point') return replace(opening, stored, asked)

  const recovery = { attempted: 'without-point', reason: 'stale-point' } as const
  const again = await reporting(opening, recovery, () => attemptResume(opening, { resume: stored }))
  if (!isRefusal(again)) return { ...again, isWithoutPoint: true }
  if (again.reason === 'unusable') throw await giveUp(opening, stored, again.evidence)
  return replace(opening, stored, again)
}

/**
 * What ends a turn whose resumed run failed later on. Only what the driver knows as the end of a session costs the
 * session.
 */
export async function judgeFailure<M>(
  turn: Pick<Opening<M>, 'lease' | 'emit' | 'options'>,
  asked: ResumeAttempt,
  evidence: readonly unknown[],
): Promise<LeftoffError> {
  for (const given of evidence) {
    if (given === undefined || (await turn.options.agent.classify(given, asked)) !== 'unusable') continue
    return giveUp(turn, asked.resume, given)
  }
  return keptSession(evidence.at(-1))
}

/**
 * The agent can no longer use its session: it is forgotten, so that the next message works, and nothing runs again. Gives
 * what ends this turn.
 */
async function giveUp<M>(
  { lease, emit, options }: Pick<Opening<M>, 'lease' | 'emit' | 'options'>,
  stored: string,
  evidence: unknown,
): Promise<LeftoffError> {
  const report = { attempted: 'nothing', reason: 'unusable', outcome: 'failed' } as const
  try {
    await lease.clearStale(stored)
  } catch (error) {
    reportRecovery(options, { ...report, error })
    return isLeftoffError(error, 'lease-lost') ? error : notForgotten(evidence, error)
  }
  emit({ type: 'recovered', reason: 'unusable', contextLost: true })
  reportRecovery(options, { ...report, error: evidence })
  return new LeftoffError(
    'turn-failed',
    'The agent can no longer use what it stored of this conversation, so that was forgotten. Send the message again.',
    { cause: evidence },
  )
}

/** Tells the app. A log that fails must not cost the answer. */
export function reportRecovery<M>({ onRecovery, onError }: TurnOptions<M>, report: RecoveryReport): void {
  contain(
    () => onRecovery?.(report),
    (error) => reportError(onError, error),
  )
}

/** The first turn of a conversation. */
async function startNew<M>(opening: Opening<M>): Promise<Attempt<M>> {
  const run = await attemptFresh(opening, undefined)
  opening.emit({ type: 'started', resumed: false })
  return run
}

/** A fresh session for a conversation that had an earlier one. */
async function startAgain<M>(opening: Opening<M>, reason: RecoveryReason): Promise<Attempt<M>> {
  const { emit } = opening
  emit({ type: 'recovered', reason, contextLost: true })
  const run = await reporting(opening, { attempted: 'fresh', reason }, async () => {
    return attemptFresh(opening, await summary(opening, reason))
  })
  emit({ type: 'started', resumed: false })
  return run
}

/** What the app says of the earlier messages. If it fails, the agent does without. */
async function summary<M>({ options, signal }: Opening<M>, reason: RecoveryReason): Promise<string | undefined> {
  try {
    return await options.rehydrate?.({ reason, signal })
  } catch (error) {
    if (!signal.aborted) reportError(options.onError, error)
    return undefined
  }
}

/** Forgets the id, and runs once without it. */
async function replace<M>(
  opening: Opening<M>,
  stored: string,
  { reason, evidence }: { readonly reason: RecoveryReason; readonly evidence: unknown },
): Promise<Attempt<M>> {
  try {
    await opening.lease.clearStale(stored)
  } catch (error) {
    reportRecovery(opening.options, { attempted: 'fresh', reason, outcome: 'failed', error })
    throw isLeftoffError(error, 'lease-lost') ? error : notForgotten(evidence, error)
  }
  return startAgain(opening, reason)
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
    reportRecovery(options, { ...recovery, outcome: 'failed', error })
    throw error
  }
  reportRecovery(options, { ...recovery, outcome: isAnswer(options, result) ? 'recovered' : 'failed' })
  return result
}

function isAnswer<M>({ agent }: TurnOptions<M>, result: Attempt<M> | Refusal): boolean {
  if (isRefusal(result)) return false
  const [message] = result.first
  return message !== undefined && agent.kindOf(message) !== 'failure'
}

function notForgotten(evidence: unknown, error: unknown): LeftoffError {
  return new LeftoffError(
    'recovery-failed',
    'The agent no longer has this session, and the store could not forget it. Check the store, then send again.',
    { cause: new AggregateError([evidence, error]) },
  )
}

function malformed(): LeftoffError {
  return new LeftoffError('invalid-argument', 'The stored id does not have the form of this agent’s session ids.')
}
