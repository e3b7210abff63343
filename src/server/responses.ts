import { isLeftoffError } from '../core/error.js'
import type { TurnEvent } from '../core/turn-event.js'
import { encodeWireEvent, wireError } from '../core/turn-wire.js'

/**
 * 409 for a conversation that another turn has; `readTurn` throws it as `turn-busy`.
 *
 * @example
 * ```ts
 * import { busyResponse, runTurn } from 'leftoff/server'
 *
 * const turn = await runTurn(options)
 * if (!turn.ok) return busyResponse(turn.retryAfterMs)
 * ```
 */
export function busyResponse(retryAfterMs: number): Response {
  // Whole seconds, and never 0: that would have the client come back at once.
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  return Response.json(wireError('turn-busy', retryAfterMs), { status: 409, headers: { 'Retry-After': `${seconds}` } })
}

/**
 * A turn as server-sent events, for `readTurn`. `toClient` picks what of a message the browser gets, as JSON;
 * `undefined` sends nothing. It is required because an agent's messages carry its session id, which must stay on the
 * server.
 *
 * An error is sent as our code and one sentence, never with its message or cause. A reader who goes away ends the
 * turn.
 *
 * @example
 * ```ts
 * import { runTurn, turnResponse } from 'leftoff/server'
 *
 * const turn = await runTurn(options)
 * if (turn.ok) return turnResponse(turn.events, (message) => ({ text: textOf(message) }))
 * ```
 */
export function turnResponse<M>(events: AsyncIterable<TurnEvent<M>>, toClient: (message: M) => unknown): Response {
  const iterator = events[Symbol.asyncIterator]()
  const encoder = new TextEncoder()

  /** The next event that goes to the client; `undefined` at the end. */
  async function nextToSend(): Promise<string | undefined> {
    for (;;) {
      const { done, value: event } = await iterator.next()
      if (done) return undefined
      if (event.type !== 'message') return encodeWireEvent(event)
      const message = toClient(event.message)
      if (message !== undefined) return encodeWireEvent({ type: 'message', message })
    }
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const text = await nextToSend()
          if (text === undefined) controller.close()
          else controller.enqueue(encoder.encode(text))
        } catch (error) {
          controller.enqueue(encoder.encode(encodeWireEvent(toWire(error))))
          controller.close()
          // Not the turn's own error if `toClient` threw: then the turn is still running.
          await iterator.return?.()
        }
      },
      async cancel() {
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

function toWire(error: unknown) {
  return isLeftoffError(error) ? wireError(error.code, error.retryAfterMs) : wireError('turn-failed')
}
