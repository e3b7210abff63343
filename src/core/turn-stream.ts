import { checked, isObject, parseJson, tokenUsage } from './checks.js'
import type { TokenUsage } from './session.js'
import { createSseParser, encodeFrame } from './sse.js'
import { type TurnErrorCode, turnErrorCode } from './turn-error.js'
import type { RecoveryReason } from './turn-event.js'

/** What `createTurnHandler` sends of a turn: `turn` first, and one end, which is the last. */
export type TurnStreamEvent =
  /** The question, for a page that did not send it. `message` is the JSON that was sent. */
  | { readonly type: 'turn'; readonly turnId: string; readonly messageId: string; readonly message: unknown }
  /** As in {@link TurnEvent}. */
  | { readonly type: 'recovered'; readonly reason: RecoveryReason; readonly contextLost: boolean }
  | { readonly type: 'started'; readonly resumed: boolean }
  /** The answer continues with this text. */
  | { readonly type: 'text'; readonly text: string }
  /** What `toClient` gave as `data`: more of the answer, in order. */
  | { readonly type: 'data'; readonly data: unknown }
  /** The agent writes a part again: only the first `keep` UTF-16 code units of the text stay. */
  | { readonly type: 'discard'; readonly keep: number }
  /** Something before this could not be sent. Load the messages after the end. */
  | { readonly type: 'missed' }
  | TurnStreamEnd

/** How a turn ended. */
export type TurnStreamEnd =
  /** `kept: false`: the app could not store the answer, so what is on screen is all there is of it. */
  | { readonly type: 'done'; readonly usage?: TokenUsage; readonly kept: boolean }
  | { readonly type: 'stopped' }
  | {
      readonly type: 'error'
      readonly code: TurnErrorCode
      /** Sending again with `fresh: true` may help. */
      readonly canStartFresh?: boolean
      readonly retryAfterMs?: number
    }

/** An event and where it stands: the SSE id is `<turnId>/<seq>`. */
export interface SentEvent {
  readonly turnId: string
  /** What to ask for with `after` to get what follows it. */
  readonly seq: number
  readonly event: TurnStreamEvent
}

/** In the head of a stream: the turn is stopped when its reader leaves. */
export const endsWithReaderHeader = 'Leftoff-Ends-With-Reader'

/** Whether it is the turn's last event. */
export function isTurnEnd(event: TurnStreamEvent): event is TurnStreamEnd {
  return event.type === 'done' || event.type === 'stopped' || event.type === 'error'
}

/** The event as it is sent; `json` is its JSON text. */
export function encodeSentEvent(turnId: string, seq: number, json: string): string {
  return encodeFrame(json, `${turnId}/${seq}`)
}

/** Takes a response's bytes in any pieces and gives the events that are complete. What is not one of ours is skipped. */
export function createStreamParser(): (bytes: Uint8Array) => readonly SentEvent[] {
  const parse = createSseParser()
  return (bytes) =>
    parse(bytes).flatMap(({ id, data }): readonly SentEvent[] => {
      const [, turnId, seq] = /^([\w-]+)\/(\d{1,15})$/.exec(id) ?? []
      const event = parseStreamEvent(data)
      return event && turnId !== undefined ? [{ turnId, seq: Number(seq), event }] : []
    })
}

/** The event that a JSON text holds, or `undefined`: a newer server may send what this version does not know. */
export function parseStreamEvent(json: string): TurnStreamEvent | undefined {
  const value = parseJson(json)
  if (!isObject(value)) return undefined
  const { type, turnId, messageId, message, text, data, keep } = value
  switch (type) {
    case 'turn':
      if (typeof turnId !== 'string' || typeof messageId !== 'string') return undefined
      return { type, turnId, messageId, message }
    case 'text':
      return typeof text === 'string' ? { type, text } : undefined
    case 'data':
      return { type, data }
    case 'discard':
      // Without a number all of it goes: text that should be gone is worse than text that comes again.
      return { type, keep: typeof keep === 'number' && keep >= 0 ? keep : 0 }
    case 'missed':
      return { type }
    case 'done':
      return { type, ...readUsage(value.usage), kept: value.kept !== false }
    case 'error': {
      const { code, canStartFresh, retryAfterMs } = value
      return {
        type,
        code: turnErrorCode(code),
        ...(canStartFresh === true && { canStartFresh }),
        ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
      }
    }
    default:
      return readSharedEvent(value)
  }
}

/** The events that mean the same in a `TurnEvent`. */
export function readSharedEvent(
  value: Readonly<Record<string, unknown>>,
): Extract<TurnStreamEvent, { type: 'recovered' | 'started' | 'stopped' }> | undefined {
  switch (value.type) {
    case 'started':
      return { type: 'started', resumed: value.resumed === true }
    case 'recovered': {
      // A reason of a newer server is reported as the most general one.
      const reason = recoveryReasons.find((known) => known === value.reason) ?? 'unknown'
      return { type: 'recovered', reason, contextLost: value.contextLost !== false }
    }
    case 'stopped':
      return { type: 'stopped' }
    default:
      return undefined
  }
}

/** The usage, if it is one. */
export function readUsage(value: unknown): { readonly usage?: TokenUsage } {
  const usage = checked(tokenUsage, value)
  return usage.ok ? { usage: usage.value } : {}
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
