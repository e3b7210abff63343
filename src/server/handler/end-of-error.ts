import { isLeftoffError } from '../../core/error.js'
import { turnErrorCode } from '../../core/turn-error.js'
import type { TurnStreamEnd } from '../../core/turn-stream.js'

/** What a reader is sent of an error: a word of ours, since its message and cause may quote a session id. */
export function endOfError(error: unknown): TurnStreamEnd {
  if (!isLeftoffError(error)) return { type: 'error', code: 'turn-failed' }
  const { code, canStartFresh, retryAfterMs } = error
  return {
    type: 'error',
    code: turnErrorCode(code),
    ...(canStartFresh === true && { canStartFresh }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}
