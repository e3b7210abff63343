import type { Clock } from '../../core/clock.js'
import { keepAliveComment } from '../../core/sse.js'
import { createPieceEncoder } from './encode-piece.js'
import type { EventReader } from './event-reader.js'

/** Settings of a stream. */
export interface StreamOptions {
  readonly turnId: string
  /** What the reader has already. */
  readonly after: number
  readonly clock: Clock
  /** When the stream is closed: its reader comes again, and is asked again who it is. */
  readonly maxMs?: number
}

/** A turn as server-sent events, each piece when the reader takes it. */
export function streamResponse(reader: EventReader, { turnId, after, clock, maxMs }: StreamOptions): Response {
  const encode = createPieceEncoder(turnId, after)
  /** What the reader waits for; it outlives the comments that are sent meanwhile. */
  let pending: Promise<Uint8Array | undefined> | undefined
  let hasLeft = false
  let isClosing = false
  /** Ends the wait for what comes next. */
  let wake = () => {}
  const close = () => {
    isClosing = true
    wake()
  }
  const cancelClosing = maxMs === undefined ? () => {} : clock.setTimeout(close, maxMs, { keepsAlive: false })

  /** No `Promise.race` with a promise that lives as long as the stream: it would keep each piece until then. */
  function nextOrComment(): Promise<Uint8Array | undefined> {
    pending ??= reader.next().then((piece) => piece && encode(piece))
    const awaited = pending
    return new Promise((resolve, reject) => {
      let isSettled = false
      const settle = (bytes: Uint8Array | undefined) => {
        isSettled = true
        cancel()
        resolve(bytes)
      }
      const cancel = clock.setTimeout(() => settle(comment), keepAliveMs, { keepsAlive: false })
      wake = () => settle(undefined)
      if (isClosing) wake()
      awaited.then((bytes) => {
        if (isSettled) return // a comment was sent instead: the piece is for the next read
        pending = undefined
        settle(bytes)
      }, reject)
    })
  }

  function leave(): void {
    cancelClosing()
    reader.close()
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await nextOrComment()
        if (hasLeft) return
        if (bytes) return controller.enqueue(bytes)
        leave()
        controller.close()
      },
      cancel() {
        hasLeft = true
        close()
        leave()
      },
    },
    // Nothing ahead of the reader: what lies behind goes in one piece.
    { highWaterMark: 0 },
  )

  return new Response(body, {
    headers: {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      // nginx holds a response back until its buffer is full.
      'X-Accel-Buffering': 'no',
    },
  })
}

const comment = new TextEncoder().encode(keepAliveComment)
const keepAliveMs = 15_000
