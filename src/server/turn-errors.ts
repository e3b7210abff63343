import { isLeftoffError, LeftoffError } from '../core/error.js'

/** What the agent threw, as an error of ours. */
export function agentFailed(cause: unknown, options: { readonly canStartFresh?: boolean } = {}): LeftoffError {
  if (isLeftoffError(cause)) return cause
  return new LeftoffError('turn-failed', 'The agent failed; its error is the cause. Send the message again.', {
    cause,
    ...options,
  })
}

/** Someone stopped the turn. */
export function stopped(): LeftoffError {
  return new LeftoffError('turn-interrupted', 'This turn was stopped.')
}

/** The session stays, and the person may ask to have it forgotten. */
export function keptSession(error: unknown): LeftoffError {
  if (!isLeftoffError(error, 'turn-failed')) return agentFailed(error, { canStartFresh: true })
  return new LeftoffError('turn-failed', error.message, { cause: error.cause, canStartFresh: true })
}

/** The reader left. */
export function interrupted(cause: unknown): LeftoffError {
  return new LeftoffError('turn-interrupted', 'The reader of this turn went away.', { cause })
}

/** Whether the turn reached its longest time. */
export function isTooLong(error: unknown): boolean {
  return isLeftoffError(error) && error.cause === tooLongCause
}

const tooLongCause = 'too-long'

/** The turn reached its longest time. */
export function tooLong(maxTurnMs: number): LeftoffError {
  return new LeftoffError(
    'turn-failed',
    `The turn took longer than ${maxTurnMs} ms, so its agent was stopped. Raise maxTurnMs if turns may take longer.`,
    { cause: tooLongCause },
  )
}
