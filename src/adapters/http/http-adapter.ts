import { isId, isObject } from '../../core/checks.js'
import { type Clock, systemClock } from '../../core/clock.js'
import { rowReports } from '../../core/row-reports.js'
import { sendable } from '../../core/sendable.js'
import type { RankedSession } from '../../core/session.js'
import type { Refusal, SessionAdapter } from '../../core/session-adapter.js'
import { readFound, readRefusals } from '../../core/session-answers.js'
import { maxBatch, maxBodyBytes } from '../../core/session-wire.js'
import { httpCaller } from './http-caller.js'
import { newestPage } from './newest-page.js'

/** Options of {@link httpAdapter}. */
export interface HttpAdapterOptions {
  /** Where your app serves `sessionRoutes`. */
  readonly url: string
  /** Sends the requests; `fetch`. Add a token here if your app has no cookies. */
  readonly fetch?: typeof fetch
  /** How long one request may take before it fails as `unreachable`; 10 s. */
  readonly timeoutMs?: number
  /** How often a page that is visible asks what other devices changed; 15 s. */
  readonly pollMs?: number
  /** For `timeoutMs`, `pollMs` and `Retry-After`. */
  readonly clock?: Clock
}

/** What listeners get if it is not known which conversations changed. */
const anything: readonly string[] = []
/** How many of the user's newest sessions are watched for changes: as many as a store reads when it opens. */
const watched = 100

/**
 * Keeps the user's sessions behind your app's own API, for all their devices. The server is `sessionRoutes` of
 * `leftoff/server`, over any adapter; it says who the user is, and refuses requests for any other as `forbidden`.
 *
 * @example
 * ```ts
 * import { createSessionStore, httpAdapter } from 'leftoff'
 *
 * const store = createSessionStore({ adapter: httpAdapter({ url: '/api/sessions' }), userId })
 * ```
 */
export function httpAdapter({
  url,
  fetch: send = (...args) => fetch(...args),
  timeoutMs = 10_000,
  pollMs = 15_000,
  clock = systemClock,
}: HttpAdapterOptions): SessionAdapter {
  const { call, close, unknownForm } = httpCaller({ url, send, timeoutMs, clock })
  const reports = rowReports(url)
  const newest = newestPage()
  const listeners = new Map<(ids: readonly string[]) => void, string>()
  let isPolling = false
  /** Smaller once a server took no body of this size. */
  let roomBytes = maxBodyBytes

  /** The user's newest sessions; `undefined` if they are those that are known. */
  async function readNewest(userId: string, etag?: string) {
    const answer = await call(userId, { query: { limit: watched }, etag })
    return answer && { page: readPage(answer.body), etag: answer.etag }
  }

  function readPage(body: unknown): { readonly sessions: readonly RankedSession[]; readonly next?: string } {
    if (!isObject(body) || !Array.isArray(body.sessions)) throw unknownForm()
    const { sessions, next } = body
    return {
      sessions: sessions.flatMap((value) => reports.readable(value) ?? []),
      ...(typeof next === 'string' && { next }),
    }
  }

  async function poll(userId: string): Promise<void> {
    const answer = await readNewest(userId, newest.etagOf(userId))
    if (answer) announce(userId, newest.take(userId, answer.page.sessions, answer.etag) ?? anything)
  }

  function announce(userId: string, ids: readonly string[]): void {
    if (ids.length === 0 && ids !== anything) return
    for (const [listener, ofUser] of [...listeners]) if (ofUser === userId) listener(ids)
  }

  function pollLater(): void {
    if (isPolling || listeners.size === 0) return
    isPolling = true
    clock.setTimeout(
      async () => {
        if (isVisible()) for (const userId of new Set(listeners.values())) await poll(userId).catch(() => {})
        isPolling = false
        pollLater()
      },
      pollMs,
      { keepsAlive: false },
    )
  }

  /** Has the server do something. `undefined` if that was too much at once. */
  async function act(userId: string, body: string, mayHalve = false): Promise<readonly Refusal[] | undefined> {
    const answer = await call(userId, { body, mayHalve })
    return answer && readRefusals(isObject(answer.body) ? answer.body.refusals : undefined, unknownForm)
  }

  /** Sends all items in as few requests as fit, one after the other; each is cut in half if the server says it is too large. */
  async function sendAll(userId: string, name: string, items: readonly unknown[]): Promise<Refusal[]> {
    const refusals: Refusal[] = []
    const texts = items.map((item) => JSON.stringify(item))
    const encoder = new TextEncoder()
    for (let start = 0; start < texts.length; ) {
      let bytes = 20 // of what is around them
      let end = start
      for (const text of texts.slice(start, start + maxBatch)) {
        const more = encoder.encode(text).length + 1
        if (end > start && bytes + more > roomBytes) break
        bytes += more
        end++
      }
      const refused = await act(userId, `{"${name}":[${texts.slice(start, end)}]}`, end - start > 1)
      if (!refused) roomBytes = bytes / 2
      else {
        refusals.push(...refused)
        start = end
      }
    }
    return refusals
  }

  return {
    name: 'http',
    place: 'account',
    durability: 'committed',

    async list(userId, { workspace, limit, after }) {
      if (limit === watched && workspace === undefined && after === undefined) {
        const answer = await readNewest(userId)
        if (!answer) throw unknownForm()
        // The first one is news to nobody: whoever listens has just asked for it.
        announce(userId, newest.take(userId, answer.page.sessions, answer.etag) ?? [])
        return answer.page
      }
      const answer = await call(userId, { query: { limit, workspace, after } })
      return readPage(answer?.body)
    },

    async get(userId, conversationId) {
      // Nothing can be stored under an id that no adapter takes.
      if (!isId(conversationId)) return undefined
      const answer = await call(userId, { query: { conversationId } })
      const found = readFound(isObject(answer?.body) ? answer.body.found : undefined, unknownForm)
      if (found === 'newer-version') reports.newer(userId, conversationId)
      return typeof found === 'object' ? reports.readable(found.session) : found
    },

    async save(changes) {
      const { valid, refusals } = sendable(changes)
      const [first] = valid
      return first ? [...refusals, ...(await sendAll(first.userId, 'changes', valid))] : refusals
    },

    async remove(userId, conversationIds) {
      await sendAll(
        userId,
        'remove',
        conversationIds.filter((id) => isId(id)),
      )
    },

    async clear(userId, workspace) {
      await act(userId, JSON.stringify({ clear: workspace ?? null }))
    },

    subscribe(userId, listener) {
      // Its own function, so that one listener added twice is two.
      const own = (ids: readonly string[]): void => listener(ids)
      listeners.set(own, userId)
      pollLater()
      return () => listeners.delete(own)
    },

    onReport: reports.listen,

    async close() {
      close()
      reports.close()
      listeners.clear()
    },
  }
}

function isVisible(): boolean {
  return typeof document === 'undefined' || document.visibilityState !== 'hidden'
}
