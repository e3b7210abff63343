import { isObject } from './checks.js'

/** What `POST` takes, as JSON. */
export interface TurnRequest {
  readonly workspace: string
  readonly conversationId: string
  /** Names this attempt to answer the message: what the network sends twice runs once. 1 to 64 of `A-Z a-z 0-9 _ -`. */
  readonly turnId: string
  /** Names the message; the `turnId` when omitted. A retry has the same one. */
  readonly messageId?: string
  /** What the handler's `input` takes: a text, unless the app said otherwise. */
  readonly message: unknown
  /** Forgets the agent's session first, after `canStartFresh`. */
  readonly fresh?: boolean
}

/** What `GET` and `DELETE` take in the address. `DELETE` needs the `turnId`. */
export interface TurnQuery {
  readonly workspace: string
  readonly conversationId: string
  /** That turn, also an ended one; without it the one that runs. */
  readonly turnId?: string
  /** The last `seq` that is known of `turnId`. */
  readonly after?: number
}

/** The query of an address, without its question mark. */
export function turnQuery({ workspace, conversationId, turnId, after }: TurnQuery): string {
  const query = new URLSearchParams({ workspace, conversationId })
  if (turnId !== undefined) query.set('turnId', turnId)
  if (after !== undefined) query.set('after', `${after}`)
  return `${query}`
}

/**
 * Why a request got no stream, and its status. What `authorize` answered is the app's own and has none of this.
 *
 * - `not-a-turn` (400, 405, 413, 415): the request has no valid shape. Sending it again does not help.
 * - `message-refused` (422): the message is not one that this app takes.
 * - `other-message` (422): the `turnId` was used for another message.
 * - `turn-busy` (409): another turn has the conversation: `turnId`, `state`, `retryAfterMs`.
 * - `unknown-turn` (404): the conversation knows no turn of that id.
 * - `not-started` (503): the turn could not begin. The same request may be sent again.
 */
export type TurnRefusalCode =
  | 'not-a-turn'
  | 'message-refused'
  | 'other-message'
  | 'turn-busy'
  | 'unknown-turn'
  | 'not-started'

/** The JSON body of a request that got no stream. */
export interface TurnRefusal {
  readonly code: TurnRefusalCode
  /** For a developer; an app shows words of its own. */
  readonly message: string
  /** With `turn-busy`: the turn that has the conversation. */
  readonly turnId?: string
  readonly state?: string
  readonly retryAfterMs?: number
}

/** The refusal that a body holds, or `undefined` if it is of someone else: the app, a proxy. */
export function parseRefusal(value: unknown): TurnRefusal | undefined {
  if (!isObject(value)) return undefined
  const { message, turnId, state, retryAfterMs } = value
  const code = refusalCodes.find((known) => known === value.code)
  if (!code) return undefined
  return {
    code,
    message: typeof message === 'string' ? message : code,
    ...(typeof turnId === 'string' && { turnId }),
    ...(typeof state === 'string' && { state }),
    ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
  }
}

const refusalCodes: readonly TurnRefusalCode[] = [
  'not-a-turn',
  'message-refused',
  'other-message',
  'turn-busy',
  'unknown-turn',
  'not-started',
]
