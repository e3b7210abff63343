import { type Clock, systemClock } from '../core/clock.js'
import { isLeftoffError } from '../core/error.js'
import { encodeFrame, keepAliveComment } from '../core/sse.js'
import type { TurnEvent } from '../core/turn-event.js'
import { type WireEvent, wireError } from '../core/turn-wire.js'
import type { RefusedTurn } from './begin-turn.js'
import { reportError } from './report-error.js'

/**
 * What a turn that may not run is answered: 409 with `Retry-After` while a turn runs, which `readTurn` throws as
 * `turn-busy`; 409 for a turn that has ended, which it throws as `turn-repeated`; 422 for another message under its id.
 *
 * @example
 * ```ts
 * import { busyResponse, runTurn } from 'leftoff/server'
 *
 * const turn = await runTurn(options)
 * if (!turn.ok) return busyResponse(turn)
 * ```
 */
export function busyResponse({ reason, turn, retryAfterMs }: RefusedTurn): Response {
  const { turnId, state } = turn
  if (reason === 'other-message') {
    return Response.json({ ...wireError('turn-failed'), turnId, state }, { status: 422 })
  }
  if (state !== 'running' && state !== 'stopping') {
    return Response.json({ ...wireError('turn-repeated'), turnId, state }, { status: 409 })
  }
  // Whole seconds, and never 0: that would have the client come back at once.
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  const body = { ...wireError('turn-busy', { retryAfterMs }), turnId, state }
  return Response.json(body, { status: 409, headers: { 'Retry-After': `${seconds}` } })
}

/** Settings of {@link turnResponse}. */
export interface TurnResponseOptions {
  /**
   * Called with the error that ended the turn, as it was thrown; the browser gets our code and sentence only. A reader
   * who goes away is not an error.
   */
  readonly onError?: (error: unknown) => void
  /** After how long a silence a comment is sent, since proxies cut a connection that is idle for a minute; 15 s. */
  readonly keepAliveMs?: number
  readonly clock?: Clock
}

/**
 * A turn as server-sent events, for `readTurn`. `toClient` picks what of a message the browser gets, as JSON;
 * `undefined` sends nothing. It is required because an agent's messages carry its session id, which must stay on the
 * server.
 *
 * An error is sent as our code and one sentence, never with its message or cause: those go to `onError`. A reader who
 * goes away ends the turn.
 *
 * @example
 * ```ts
 * import { runTurn, turnResponse } from 'leftoff/server'
 *
 * const onError = (error: unknown) => console.error(error)
 * const turn = await runTurn({ ...options, onError })
 * if (turn.ok) return turnResponse(turn.events, (message) => ({ text: textOf(message) }), { onError })
 * ```
 */
export function turnResponse<M>(
  events: AsyncIterable<TurnEvent<M>>,
  toClient: (message: M) => unknown,
  { onError, keepAliveMs = 15_000, clock = systemClock }: TurnResponseOptions = {},
): Response {
  const iterator = events[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  let hasLeft = false
  /** What the reader waits for; it outlives the comments that are sent in the meantime. */
  let pending: Promise<string | undefined> | undefined

  /** The next event that goes to the client; `undefined` at the end. */
  async function nextToSend(): Promise<string | undefined> {
    for (;;) {
      const { done, value: event } = await iterator.next()
      if (done) return undefined
      if (event.type !== 'message') return encode(event)
      const message = toClient(event.message)
      if (message !== undefined) return encode({ type: 'message', message })
    }
  }

  async function nextOrComment(): Promise<string | undefined> {
    pending ??= nextToSend()
    let cancel = () => {}
    const silence = new Promise<string>((resolve) => {
      cancel = clock.setTimeout(() => resolve(keepAliveComment), keepAliveMs)
    })
    const text = await Promise.race([pending, silence])
    cancel()
    if (text !== keepAliveComment) pending = undefined
    return text
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const text = await nextOrComment()
          if (hasLeft) return
          if (text === undefined) controller.close()
          else controller.enqueue(encoder.encode(text))
        } catch (error) {
          if (hasLeft) return
          if (!isLeftoffError(error, 'turn-interrupted')) reportError(onError, error)
          controller.enqueue(encoder.encode(encode(toWire(error))))
          controller.close()
          // If `toClient` threw, the turn is still running.
          await iterator.return?.()
        }
      },
      async cancel() {
        hasLeft = true
        await iterator.return?.()
      },
    },
    // Nothing ahead of the reader: the agent starts when someone reads.
    { highWaterMark: 0 },
  )

  return new Response(body, {
    headers: {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      // nginx holds a response back until its buffer is full.
      'X-Accel-Buffering': 'no',
    },
  })
}

/** JSON has no line breaks. */
function encode(event: WireEvent<unknown>): string {
  return encodeFrame(JSON.stringify(event))
}

function toWire(error: unknown) {
  return isLeftoffError(error) ? wireError(error.code, error) : wireError('turn-failed')
}
