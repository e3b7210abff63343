import type { TurnRefusal, TurnRefusalCode } from '../../core/turn-requests.js'
import type { TurnState } from '../agent-session-store.js'
import { refuse } from '../refuse.js'

/** A request that gets no stream. */
export function refuseTurn(
  status: number,
  code: TurnRefusalCode,
  message: string,
  headers?: Readonly<Record<string, string>>,
): Response {
  const body: TurnRefusal = { code, message }
  return refuse(status, body, headers)
}

/** Another turn has the conversation. */
export function busy({ turnId, state }: TurnState, retryAfterMs: number): Response {
  const message = 'Another answer is being written in this conversation. Wait until it ends, then send again.'
  const body: TurnRefusal = { code: 'turn-busy', message, turnId, state, retryAfterMs }
  // Whole seconds, and never 0: that would have the client come back at once.
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  return refuse(409, body, { 'Retry-After': `${seconds}` })
}

export function otherMessage(): Response {
  return refuseTurn(422, 'other-message', 'This turnId was used for another message. Send under a new one.')
}

export function unknownTurn(): Response {
  return refuseTurn(404, 'unknown-turn', 'This conversation knows no such turn.')
}

/** Nothing to send. */
export function empty(status: 202 | 204): Response {
  return new Response(null, { status, headers: { 'Cache-Control': 'no-store' } })
}
