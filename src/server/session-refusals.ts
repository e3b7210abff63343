import { isLeftoffError } from '../core/error.js'
import type { SessionRefusalCode } from '../core/session-wire.js'
import { refuse } from './refuse.js'

/** A request about sessions that is refused whole. */
export function refuseSessions(
  code: SessionRefusalCode,
  message = refusals[code].message,
  status = refusals[code].status,
  headers?: Readonly<Record<string, string>>,
): Response {
  return refuse(status, { code, message }, headers)
}

/** Thrown where a request turns out not to be valid. No `Response` itself: some servers put another class in place of the global one. */
export class RefusedRequest extends Error {
  constructor(readonly response: Response) {
    super('The request was refused.')
  }
}

/** What failed, in a word: what was thrown is for the server's log. */
export function refusalOf(error: unknown): Response {
  if (error instanceof RefusedRequest) return error.response
  const code = isLeftoffError(error) && isRefusalCode(error.code) ? error.code : 'storage-unavailable'
  const waitMs = code === 'unreachable' && isLeftoffError(error) ? (error.retryAfterMs ?? 0) : 0
  return refuseSessions(code, undefined, undefined, waitMs > 0 ? { 'Retry-After': `${Math.ceil(waitMs / 1_000)}` } : {})
}

const refusals: Readonly<Record<SessionRefusalCode, { readonly status: number; readonly message: string }>> = {
  'invalid-argument': { status: 400, message: 'Not a valid request for sessions.' },
  'signed-out': { status: 401, message: 'Nobody is signed in.' },
  forbidden: { status: 403, message: 'Another user is signed in.' },
  unreachable: { status: 503, message: 'The sessions cannot be answered now. Send the same request again.' },
  'quota-exceeded': { status: 507, message: 'There is no room for more.' },
  'storage-unavailable': {
    status: 500,
    message: 'The sessions could not be answered. The log of the server says why.',
  },
}

function isRefusalCode(code: string): code is SessionRefusalCode {
  return Object.hasOwn(refusals, code)
}
