import type { TurnRefusal, TurnRefusalCode } from '../../core/turn-requests.js'
import type { TurnState } from '../agent-session-store.js'

const noStore = { 'Cache-Control': 'no-store' }

/** A request that gets no stream. */
export function refuse(
  status: number,
  code: TurnRefusalCode,
  message: string,
  headers: Record<string, string> = {},
): Response {
  const body: TurnRefusal = { code, message }
  return Response.json(body, { status, headers: { ...noStore, ...headers } })
}

/** Another turn has the conversation. */
export function busy({ turnId, state }: TurnState, retryAfterMs: number): Response {
  const message = 'Another answer is being written in this conversation. Wait for its end, then send again.'
  const body: TurnRefusal = { code: 'turn-busy', message, turnId, state, retryAfterMs }
  // Whole seconds, and never 0: that would have the client come back at once.
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  return Response.json(body, { status: 409, headers: { ...noStore, 'Retry-After': `${seconds}` } })
}

export function otherMessage(): Response {
  return refuse(422, 'other-message', 'This turnId was used for another message. Send under a new one.')
}

export function unknownTurn(): Response {
  return refuse(404, 'unknown-turn', 'This conversation knows no such turn.')
}

/** Nothing to send. */
export function empty(status: 202 | 204): Response {
  return new Response(null, { status, headers: noStore })
}

/** The app's own answer, which no cache may keep either. */
export function asNoStore(response: Response): Response {
  const { status, statusText } = response
  const headers = new Headers(response.headers)
  if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store')
  return new Response(response.body, { status, statusText, headers })
}
