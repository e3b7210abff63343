import { parseJson } from '../../core/checks.js'
import type { Clock } from '../../core/clock.js'
import { LeftoffError } from '../../core/error.js'
import { userHeader } from '../../core/session-wire.js'

/** How the requests are made. */
interface HttpCallerOptions {
  readonly url: string
  readonly send: typeof fetch
  /** How long one request may take. */
  readonly timeoutMs: number
  readonly clock: Clock
}

/** One request: a question, or with a body something to do. */
interface HttpCall {
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: string
  /** Of what is known: if that is still so, the answer is `undefined`. */
  readonly etag?: string | undefined
  /** Whether the caller can send less: then 413 is `undefined`. */
  readonly mayHalve?: boolean
}

/** A server that asks for more is asked again after this time. */
const longestWaitMs = 5 * 60_000

/** Makes requests: their answers, or a typed error within a bound. */
export function httpCaller({ url, send, timeoutMs, clock }: HttpCallerOptions) {
  let isClosed = false
  /** The server wants no requests before, on the monotonic clock. */
  let busyUntil = 0

  async function call(userId: string, { query, body, etag, mayHalve }: HttpCall) {
    if (isClosed) throw new LeftoffError('disposed', 'This adapter was closed. Create a new one.')
    const waitMs = busyUntil - clock.monotonic()
    if (waitMs > 0) throw unreachable(429, waitMs)
    const { response, text } = await exchange(target(query), {
      method: body === undefined ? 'GET' : 'POST',
      // A redirect leads to a page for people.
      redirect: 'error',
      headers: {
        [userHeader]: encodeURIComponent(userId),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...(etag && { 'If-None-Match': etag }),
      },
      ...(body !== undefined && { body }),
    })
    const { status, headers, ok } = response
    if ((status === 304 && etag) || (status === 413 && mayHalve)) return undefined
    // 409 and 422 say what was refused.
    if (!ok && status !== 409 && status !== 422) throw failure(status, headers.get('Retry-After'))
    return { body: parseJson(text), etag: headers.get('ETag') ?? '' }
  }

  /** The answer with its text, in time. */
  function exchange(
    address: string,
    init: RequestInit,
  ): Promise<{ readonly response: Response; readonly text: string }> {
    const controller = new AbortController()
    async function once() {
      const response = await send(address, { ...init, signal: controller.signal })
      return { response, text: await response.text() }
    }
    return new Promise((resolve, reject) => {
      const cancel = clock.setTimeout(() => {
        reject(new LeftoffError('unreachable', `${url} did not answer within ${timeoutMs} ms. Try again.`))
        controller.abort()
      }, timeoutMs)
      once()
        // A connection that was kept open may have died with its server. Every request may be repeated.
        .catch(once)
        .then(resolve, (cause) =>
          reject(new LeftoffError('unreachable', `${url} could not be reached. Try again.`, { cause })),
        )
        .finally(cancel)
    })
  }

  function target(query: HttpCall['query'] = {}): string {
    const params = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, `${value}`)
    return params.size === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${params}`
  }

  function failure(status: number, retryAfter: string | null): LeftoffError {
    if (status === 400) return new LeftoffError('invalid-argument', `${url} refused what it was asked for.`)
    if (status === 401) {
      return new LeftoffError(
        'signed-out',
        `${url} does not know who is signed in. Sign in again; nothing unsaved is lost.`,
      )
    }
    if (status === 403) return new LeftoffError('forbidden', `${url} has another user signed in. Sign in again.`)
    if (status === 507) return new LeftoffError('quota-exceeded', `${url} is full. Remove old conversations.`)
    if (status === 408 || status === 425 || status === 429 || status >= 500) {
      const waitMs = Math.min(readWait(retryAfter, clock.now()), longestWaitMs)
      if (waitMs > 0 && (status === 429 || status === 503)) busyUntil = clock.monotonic() + waitMs
      return unreachable(status, waitMs)
    }
    return new LeftoffError('storage-unavailable', `${url} answered ${status}. Is it where sessionRoutes is served?`)
  }

  function unreachable(status: number, retryAfterMs: number): LeftoffError {
    const message = `${url} cannot answer now (${status}). leftoff tries again.`
    return new LeftoffError('unreachable', message, { ...(retryAfterMs > 0 && { retryAfterMs }) })
  }

  return {
    call,
    close(): void {
      isClosed = true
    },
    /** For a page of a proxy, such as a sign-in, or of another version. */
    unknownForm: () =>
      new LeftoffError(
        'storage-unavailable',
        `${url} answered in an unknown form. Is it where sessionRoutes is served?`,
      ),
  }
}

/** `Retry-After` in ms: seconds or a date; 0 if it says neither. */
function readWait(retryAfter: string | null, now: number): number {
  if (!retryAfter) return 0
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now
  return Math.max(0, ms || 0)
}
