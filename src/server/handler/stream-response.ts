import type { Clock } from '../../core/clock.js'
import { keepAliveComment } from '../../core/sse.js'
import { endsWithReaderHeader } from '../../core/turn-stream.js'
import type { LoggedEvent } from '../turn-log.js'
import { createPieceEncoder } from './encode-piece.js'
import type { EventReader } from './event-reader.js'

/** Settings of a stream. */
export interface StreamOptions {
  readonly turnId: string
  /** What the reader has already. */
  readonly after: number
  readonly clock: Clock
  /** The turn is stopped once nobody reads it: a page that is hidden must not leave. */
  readonly endsWithReader?: boolean
  /** When the stream is closed: its reader comes again, and is asked again who it is. */
  readonly maxMs?: number
}

/** A turn as server-sent events, each piece when the reader takes it. */
export function streamResponse(reader: EventReader, options: StreamOptions): Response {
  const { turnId, after, clock, endsWithReader = false, maxMs } = options
  const encode = createPieceEncoder(turnId, after)
  /** Whether the turn was asked for what comes next; the question outlives the comments that are sent in the meantime. */
  let isAsked = false
  /** A piece that came after a comment was sent in its place: for the next read. */
  let early: readonly LoggedEvent[] | undefined
  /** Set while the reader waits: since when, and where its bytes go. */
  let waiting: ReadableStreamDefaultController<Uint8Array> | undefined
  let waitsSince = 0
  let hasLeft = false
  let isClosing = false
  let cancelComment: (() => void) | undefined
  const cancelClosing = maxMs === undefined ? () => {} : clock.setTimeout(close, maxMs, { keepsAlive: false })

  function close(): void {
    isClosing = true
    settle(undefined)
  }

  /** Ends the wait of the reader, with the end of the stream if there are no bytes. */
  function settle(bytes: Uint8Array | undefined): void {
    const controller = waiting
    waiting = undefined
    if (!controller || hasLeft) return
    if (bytes) controller.enqueue(bytes)
    else {
      leave()
      controller.close()
    }
  }

  function onPiece(piece: readonly LoggedEvent[] | undefined): void {
    isAsked = false
    if (!waiting) early = piece
    else settle(piece && encode(piece))
  }

  function onFailure(error: unknown): void {
    isAsked = false
    if (!waiting || hasLeft) return
    leave()
    waiting.error(error)
  }

  /** One timer for many pieces: when it is due it looks how long the reader has waited. */
  function commentIn(ms: number): void {
    cancelComment = clock.setTimeout(
      () => {
        cancelComment = undefined
        if (!waiting) return
        const left = waitsSince + keepAliveMs - clock.monotonic()
        if (left > 0) commentIn(left)
        else settle(comment)
      },
      ms,
      { keepsAlive: false },
    )
  }

  function leave(): void {
    cancelComment?.()
    cancelClosing()
    reader.close()
  }

  const body = new ReadableStream<Uint8Array>(
    {
      // No promise to wait for: the stream asks again once it was given something.
      pull(controller) {
        waiting = controller
        waitsSince = clock.monotonic()
        if (isClosing) settle(undefined)
        else if (early) {
          settle(encode(early))
          early = undefined
        } else {
          if (!cancelComment) commentIn(keepAliveMs)
          if (isAsked) return
          isAsked = true
          reader.next().then(onPiece, onFailure)
        }
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
      ...(endsWithReader && { [endsWithReaderHeader]: '1' }),
    },
  })
}

const comment = new TextEncoder().encode(keepAliveComment)
const keepAliveMs = 15_000
