import { isObject, parseJson } from '../core/checks.js'
import type { Clock, Deferred } from '../core/clock.js'
import { isLeftoffError, LeftoffError, type LeftoffErrorCode } from '../core/error.js'
import { turnErrorSentence } from '../core/turn-error.js'
import {
  createStreamParser,
  endsWithReaderHeader,
  isTurnEnd,
  type SentEvent,
  type TurnStreamEvent,
} from '../core/turn-stream.js'
import type { Browser } from '../store/browser.js'
import { heard, nextRequest, type Outcome, type TurnProgress } from './next-request.js'

/** A turn while this page sends or follows it. */
export interface TurnRun {
  /** Missing until the server names it. */
  turnId: string | undefined
  /** The number of the last event that came. */
  after: number
  readonly signal: AbortSignal | undefined
  progress: TurnProgress
  /** The server has the message. */
  readonly heard: Deferred<void>
  readonly ended: Deferred<void>
  isOver: boolean
  /** Ends the wait for the next request. */
  wake: () => void
}

interface Page {
  readonly clock: Clock
  readonly browser: Browser
  readonly silenceMs: number
}

type Ask = (request: 'post' | 'get', signal: AbortSignal) => Promise<Response>

/** A connection that lasted so long was a good one, though nothing was said. */
const steadyMs = 5_000

/** The events of a turn, over as many requests as it takes. */
export async function* readTurnStream(run: TurnRun, page: Page, ask: Ask): AsyncGenerator<TurnStreamEvent> {
  const { clock, browser } = page
  let connection = new AbortController()
  let isResumable = false
  let refusal: Refusal = { status: 0, type: null, body: {} }
  const stop = () => {
    connection.abort()
    run.wake()
  }
  const offLifecycle = browser.onLifecycle((event) => {
    // A browser has six connections for all tabs of an origin: the hidden ones leave theirs.
    if ((event === 'hidden' || event === 'pagehide') && isResumable) connection.abort()
    if (event !== 'visible' && event !== 'resume' && event !== 'pageshow') return
    if (run.progress.isHeard || !run.progress.isSend) run.progress = { ...run.progress, giveUpAt: undefined }
    run.wake()
  })
  run.signal?.addEventListener('abort', stop)
  try {
    let request: 'post' | 'get' = run.progress.isSend ? 'post' : 'get'
    while (!run.signal?.aborted) {
      if (request === 'get' && browser.isHidden()) {
        await new Promise<void>((resolve) => {
          run.wake = resolve
        })
        continue
      }
      connection = new AbortController()
      let outcome: Outcome = { type: 'lost' }
      const limit = silenceLimit(page, connection)
      try {
        const response = await ask(request, connection.signal)
        limit.reset()
        if (response.status === 200 && isEventStream(response)) {
          if (!run.progress.isHeard) run.progress = { ...run.progress, isHeard: true, giveUpAt: undefined }
          run.heard.resolve()
          const openedAt = clock.monotonic()
          const parse = createStreamParser()
          for await (const bytes of chunksOf(response, connection.signal)) {
            limit.reset()
            const events = parse(bytes).filter((sent) => isNew(run, sent))
            if (events.length > 0 || clock.monotonic() - openedAt > steadyMs) run.progress = heard(run.progress)
            for (const { seq, turnId, event } of events) {
              run.turnId ??= turnId
              run.after = seq
              isResumable = !response.headers.has(endsWithReaderHeader)
              yield event
              if (isTurnEnd(event)) return
            }
            if (browser.isHidden() && isResumable) connection.abort()
          }
        } else {
          const answer = response.status === 204 ? '' : await response.text().catch(() => '')
          const body = parseJson(answer)
          const type = response.headers.get('Content-Type')
          refusal = { status: response.status, type, body: isObject(body) ? body : {} }
          outcome = outcomeOf(response, refusal)
        }
      } catch (error) {
        if (isLeftoffError(error)) throw error
      } finally {
        limit.stop()
        connection.abort()
      }
      if (run.signal?.aborted) return
      if (browser.isHidden() && isResumable) {
        request = 'get'
        continue
      }
      const next = nextRequest(run.progress, outcome, clock.monotonic())
      if ('end' in next) {
        if (next.end === 'nothing') return
        if (next.end === 'stopped') {
          yield { type: 'stopped' }
          return
        }
        throw endError(next.end, refusal)
      }
      const { inMs } = next
      run.progress = next.progress
      request = next.request
      await new Promise<void>((resolve) => {
        const cancel = clock.setTimeout(resolve, inMs)
        run.wake = () => {
          cancel()
          resolve()
        }
      })
    }
  } finally {
    run.signal?.removeEventListener('abort', stop)
    connection.abort()
    offLifecycle()
  }
}

/** What the server says of an answer that is gone has the number of what came last. */
function isNew({ after, turnId }: TurnRun, { seq, turnId: sentId, event }: SentEvent): boolean {
  const isOfGone = event.type === 'missed' || isTurnEnd(event) || after === 0
  return seq > after || sentId !== turnId || (seq === after && isOfGone)
}

/** Ends a connection on which nothing comes, not even a comment. */
function silenceLimit({ clock, silenceMs }: Page, connection: AbortController) {
  let cancel = () => {}
  const limit = {
    reset(): void {
      cancel()
      cancel = clock.setTimeout(() => connection.abort(), silenceMs)
    },
    stop: () => cancel(),
  }
  limit.reset()
  return limit
}

/** A response's bytes, until it ends or `signal` aborts, whatever the browser makes of an abort. */
async function* chunksOf(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  // Ends a read that waits. No promise that lives as long as the stream is raced: it would hold every piece.
  const stop = () => void reader?.cancel().catch(() => {})
  signal.addEventListener('abort', stop)
  try {
    while (reader && !signal.aborted) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

function isEventStream(response: Response): boolean {
  return response.headers.get('Content-Type')?.startsWith('text/event-stream') ?? false
}

/** An answer without a stream, of the app or of a proxy. */
interface Refusal {
  readonly status: number
  readonly type: string | null
  readonly body: Readonly<Record<string, unknown>>
}

/** What an answer without a stream means. */
function outcomeOf({ headers }: Response, { status, body: { code, retryAfterMs: asked } }: Refusal): Outcome {
  const seconds = Number(headers.get('Retry-After')) // a date, which nobody sends here, counts as none
  const retryAfterMs = typeof asked === 'number' ? asked : seconds * 1_000 || undefined
  if (status === 204 || code === 'unknown-turn') return { type: 'nothing' }
  if (code === 'turn-busy') return { type: 'busy', retryAfterMs }
  return status === 429 || (status >= 502 && status <= 504) ? { type: 'lost', retryAfterMs } : { type: 'refused' }
}

function endError(code: LeftoffErrorCode, { status, type, body: { message, turnId } }: Refusal): LeftoffError {
  if (code === 'unreachable') return new LeftoffError(code, 'The server could not be reached. Send the message again.')
  if (code === 'turn-failed') {
    // As with a history over HTTP: the page can tell a sign-in that ran out from an agent that failed.
    if (status === 401) return new LeftoffError('signed-out', 'Sign in and send again.')
    const answer = type ? `${status} ${type}` : status
    return new LeftoffError(code, `The server answered ${answer}: ${message ?? 'no turn'}.`)
  }
  const known = code === 'turn-busy' ? code : 'turn-interrupted'
  return new LeftoffError(known, turnErrorSentence(known), typeof turnId === 'string' ? { turnId } : {})
}
