import { isObject, parseJson } from './checks.js'
import { type TurnErrorCode, turnErrorCode, turnErrorSentence } from './turn-error.js'
import type { TurnEvent } from './turn-event.js'
import { readSharedEvent, readUsage } from './turn-stream.js'

/** What `turnResponse` sends: the turn's events, and the error that ended it, without its cause. */
export type WireEvent<T> =
  | TurnEvent<T>
  | {
      readonly type: 'error'
      readonly code: TurnErrorCode
      readonly message: string
      readonly retryAfterMs?: number
      readonly canStartFresh?: boolean
    }

/** What is sent of an error. */
export function wireError(
  code: unknown,
  { retryAfterMs, canStartFresh }: { readonly retryAfterMs?: unknown; readonly canStartFresh?: unknown } = {},
): Extract<WireEvent<never>, { type: 'error' }> {
  const known = turnErrorCode(code)
  return {
    type: 'error',
    code: known,
    message: turnErrorSentence(known),
    ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
    ...(canStartFresh === true && { canStartFresh }),
  }
}

/** The event that a JSON text holds, or `undefined`: a newer server may send what this version does not know. */
export function parseWireEvent(text: string): WireEvent<unknown> | undefined {
  const value = parseJson(text)
  if (!isObject(value)) return undefined
  switch (value.type) {
    case 'message':
      return { type: 'message', message: value.message }
    case 'discard':
      return { type: 'discard' }
    case 'done': {
      const { usage, preview } = value
      return { type: 'done', ...readUsage(usage), ...(typeof preview === 'string' && { preview }) }
    }
    case 'error':
      return wireError(value.code, value)
    default:
      return readSharedEvent(value)
  }
}
