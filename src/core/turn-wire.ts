import type { LeftoffErrorCode } from './error.js'
import type { TokenUsage } from './session.js'
import type { RecoveryReason, TurnEvent } from './turn-event.js'

/** What goes over the wire: the turn's events, and the error that ended it, without its message or cause. */
export type WireEvent<T> =
  | TurnEvent<T>
  | {
      readonly type: 'error'
      readonly code: TurnErrorCode
      readonly message: string
      readonly retryAfterMs?: number
      readonly canStartFresh?: boolean
    }

/** The errors a reader can do something about; any other is sent as `turn-failed`. */
type TurnErrorCode = keyof typeof sentences

/** One sentence per error, since the original may quote a session id. */
const sentences = {
  'turn-failed': 'The answer could not be completed. Send the message again.',
  'turn-interrupted': 'The answer was interrupted. Send the message again.',
  'turn-busy': 'An answer is being written already. Wait for its end, then send again.',
  'turn-repeated': 'This message was sent before. Load the conversation to see what came of it.',
  'lease-lost': 'This conversation went on elsewhere. Load it again before sending.',
  'recovery-failed': 'The agent lost this conversation and it could not be started afresh. Send the message again.',
} as const satisfies Partial<Record<LeftoffErrorCode, string>>

/** What is sent of an error. */
export function wireError(
  code: unknown,
  { retryAfterMs, canStartFresh }: { readonly retryAfterMs?: unknown; readonly canStartFresh?: unknown } = {},
): Extract<WireEvent<never>, { type: 'error' }> {
  const known = isTurnErrorCode(code) ? code : 'turn-failed'
  return {
    type: 'error',
    code: known,
    message: sentences[known],
    ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
    ...(canStartFresh === true && { canStartFresh }),
  }
}

/** One server-sent event. JSON has no line breaks, so one `data` line holds it. */
export function encodeWireEvent(event: WireEvent<unknown>): string {
  return `data: ${JSON.stringify(event)}\n\n`
}

/** Says nothing, so that no proxy takes a silent agent's connection for a dead one. */
export const keepAliveComment = ':\n\n'

/**
 * Takes the stream's bytes in any pieces and gives the events that are complete. What is not one of ours is skipped.
 */
export function createWireParser(): (bytes: Uint8Array) => readonly WireEvent<unknown>[] {
  const decoder = new TextDecoder()
  let partialLine = ''
  let data: string[] = []

  return (bytes) => {
    const lines = (partialLine + decoder.decode(bytes, { stream: true })).split('\n')
    partialLine = lines.pop() ?? ''
    const events: WireEvent<unknown>[] = []
    for (const line of lines.map((text) => text.replace(/\r$/, ''))) {
      if (line.startsWith('data:')) data.push(line.slice(5))
      if (line !== '') continue
      const event = parseWireEvent(data.join('\n'))
      data = []
      if (event) events.push(event)
    }
    return events
  }
}

/** The event that a JSON text holds, or `undefined`: a newer server may send what this version does not know. */
export function parseWireEvent(text: string): WireEvent<unknown> | undefined {
  const value = parseJson(text)
  switch (value.type) {
    case 'started':
      return { type: 'started', resumed: value.resumed === true }
    case 'recovered':
      return { type: 'recovered', reason: recoveryReason(value.reason), contextLost: value.contextLost !== false }
    case 'message':
      return { type: 'message', message: value.message }
    case 'discard':
      return { type: 'discard' }
    case 'done': {
      const usage = tokenUsage(value.usage)
      const preview = value.preview
      return { type: 'done', ...(usage && { usage }), ...(typeof preview === 'string' && { preview }) }
    }
    case 'stopped':
      return { type: 'stopped' }
    case 'error':
      return wireError(value.code, value)
    default:
      return undefined
  }
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(text))
  } catch {
    return {}
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function isTurnErrorCode(code: unknown): code is TurnErrorCode {
  return typeof code === 'string' && Object.hasOwn(sentences, code)
}

/** A reason of a newer server is told as the most general one. */
function recoveryReason(reason: unknown): RecoveryReason {
  return recoveryReasons.find((known) => known === reason) ?? 'unknown'
}

const recoveryReasons: readonly RecoveryReason[] = [
  'stale',
  'stale-point',
  'invalid',
  'expired',
  'unknown',
  'changed',
  'unusable',
  'fresh',
]

function tokenUsage(value: unknown): TokenUsage | undefined {
  const { input, output, cacheRead, cacheWrite } = record(value)
  if (typeof input !== 'number' || typeof output !== 'number') return undefined
  if (typeof cacheRead !== 'number' || typeof cacheWrite !== 'number') return undefined
  return { input, output, cacheRead, cacheWrite }
}
