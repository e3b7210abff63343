import { isId } from '../core/checks.js'
import { type Clock, inTime, systemClock } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'
import type { SessionAdapter } from '../core/session-adapter.js'
import { maxBodyBytes, userHeader } from '../core/session-wire.js'
import { type TabKey, tabKey } from '../core/tab-key.js'
import { readJsonBody } from './read-body.js'
import { asNoStore } from './refuse.js'
import { reportError } from './report-error.js'
import { refusalOf, refuseSessions } from './session-refusals.js'
import { answerSessions, readSessionRequest } from './session-requests.js'

/** Settings of {@link sessionRoutes}. */
export interface SessionRoutesOptions {
  /** The adapter that has this user's sessions; one for all users is fine. It is not closed. */
  readonly adapterOf: (userId: string) => SessionAdapter | PromiseLike<SessionAdapter>
  /**
   * Who asks, by your authentication: by a cookie or a header, never by the body, which is not read yet. Or the response for whoever
   * may not: 401 if nobody is signed in.
   */
  readonly authorize: (request: Request) => Authorized | PromiseLike<Authorized>
  /**
   * Called with the tab key of each conversation before it is removed, so that its agent session goes with it. If it fails nothing is
   * removed, and the browser tries again.
   */
  readonly onRemove?: (key: TabKey) => unknown
  /** Called with what failed, as it was thrown; the browser gets a code only. */
  readonly onError?: (error: unknown) => void
  /** How long one request may take before it is answered with 503; 10 s. */
  readonly timeoutMs?: number
  /** For `timeoutMs` and the bound of ranks. */
  readonly clock?: Clock
}

/** What `authorize` gives: the user, or the response if nobody is signed in. */
export type Authorized = { readonly userId: string } | Response

/** A handler for each method, and one for all of them. */
export interface SessionRoutes {
  /** Lists, and gets one. */
  readonly GET: (request: Request) => Promise<Response>
  /** Saves, removes and clears. */
  readonly POST: (request: Request) => Promise<Response>
  /** Either, by the method; 405 for any other. */
  readonly fetch: (request: Request) => Promise<Response>
}

/**
 * Serves the sessions of the signed-in user to `httpAdapter`, from any adapter. A request that names another user, in its header or in
 * any of its changes, is refused whole.
 *
 * @example
 * ```ts
 * import { postgresAdapter, sessionRoutes } from 'leftoff/server'
 *
 * const adapter = postgresAdapter({ query })
 * export const { GET, POST } = sessionRoutes({
 *   adapterOf: () => adapter,
 *   authorize: async (request) => {
 *     const userId = await userOf(request)
 *     return userId === undefined ? new Response('Sign in first.', { status: 401 }) : { userId }
 *   },
 * })
 * ```
 */
export function sessionRoutes({
  adapterOf,
  authorize,
  onRemove,
  onError,
  timeoutMs = 10_000,
  clock = systemClock,
}: SessionRoutesOptions): SessionRoutes {
  async function answer(request: Request): Promise<Response> {
    const who = await authorize(request)
    // No `instanceof`: some servers put a Response of their own in place of the global one.
    if ('headers' in who) return asNoStore(who)
    const { userId } = who
    if (!isId(userId)) throw new TypeError('sessionRoutes: authorize gave no user id.')
    if (namedUser(request) !== userId) throw new LeftoffError('forbidden', 'The request is for another user.')
    const body = request.method === 'POST' ? await readJsonBody(request, maxBodyBytes) : undefined
    if (body?.status) return refuseSessions('invalid-argument', body.message, body.status)
    const asked = readSessionRequest(new URL(request.url).searchParams, body?.json, userId, clock.now())
    const adapter = await adapterOf(userId)
    const forget = onRemove && ((id: string, workspace: string) => onRemove(tabKey({ userId, workspace, tabId: id })))
    return answerSessions(asked, { adapter, userId, forget, ifNoneMatch: request.headers.get('If-None-Match') })
  }

  async function handle(request: Request): Promise<Response> {
    try {
      // An adapter or a body that never ends must not hold the request forever.
      const message = `The sessions could not be answered within ${timeoutMs} ms.`
      return await inTime(clock, answer(request), timeoutMs, () => new LeftoffError('unreachable', message))
    } catch (error) {
      const refused = refusalOf(error)
      if (refused.status >= 500) reportError(onError, error)
      return refused
    }
  }

  return {
    GET: handle,
    POST: handle,
    async fetch(request) {
      if (request.method === 'GET' || request.method === 'POST') return handle(request)
      return refuseSessions('invalid-argument', 'Use GET or POST.', 405, { Allow: 'GET, POST' })
    },
  }
}

/** The user whom the page works for. */
function namedUser(request: Request): string | undefined {
  try {
    return decodeURIComponent(request.headers.get(userHeader) ?? '') || undefined
  } catch {
    return undefined
  }
}
