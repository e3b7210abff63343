import { isLeftoffError, LeftoffError } from './error.js'
import { createSseParser } from './sse.js'
import type { TurnEvent } from './turn-event.js'
import { parseWireEvent, wireError } from './turn-wire.js'

/**
 * The events of a turn that `turnResponse` sends. `T` is what its `toClient` gives.
 *
 * Throws what ended the turn early: `turn-busy` with `retryAfterMs` when another turn has the conversation,
 * `turn-repeated` when this one was answered before, the server's error by its code, `turn-failed` for any other response
 * and for what is not a turn, such as a page of HTML, `turn-interrupted` when the stream ends without `done` or `stopped`.
 *
 * @example
 * ```ts
 * import { readTurn } from 'leftoff'
 *
 * const response = await fetch('/api/chat', { method: 'POST', body: JSON.stringify(turn) })
 * for await (const event of readTurn<{ text: string }>(response)) {
 *   if (event.type === 'recovered' && event.contextLost) showContextLost()
 *   if (event.type === 'message') append(event.message.text)
 *   if (event.type === 'discard') dropUnfinished()
 * }
 * ```
 */
export function readTurn<T = unknown>(response: Response): AsyncGenerator<TurnEvent<T>, void, undefined> {
  const reader = response.body?.getReader()
  let hasLeft = false
  const events = readEvents<T>(response, reader, () => hasLeft)
  /** Tells the server, and ends a read that waits: `return()` of a generator alone waits for it. */
  const leave = (): void => {
    hasLeft = true
    // The connection may be gone already.
    reader?.cancel().catch(() => {})
  }
  return {
    next: () => events.next(),
    return(value) {
      leave()
      return events.return(value)
    },
    throw(error) {
      leave()
      return events.throw(error)
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

async function* readEvents<T>(
  response: Response,
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  hasLeft: () => boolean,
): AsyncGenerator<TurnEvent<T>, void, undefined> {
  if (!response.ok) throw await refusal(response, reader)
  const type = response.headers.get('Content-Type')
  if (type !== null && !/^text\/(event-stream|plain)/i.test(type)) {
    reader?.cancel().catch(() => {})
    throw new LeftoffError(
      'turn-failed',
      `The server answered ${type}, not a turn. Check the address and your sign-in.`,
    )
  }
  const parse = createSseParser()
  let isDone = false
  try {
    // On to the end of the stream, also after `done`: cancelling it would cost the connection.
    for await (const bytes of pieces(response, reader)) {
      for (const { data } of parse(bytes)) {
        const event = parseWireEvent(data)
        if (!event) continue
        if (event.type === 'error') throw toError(event)
        isDone ||= event.type === 'done' || event.type === 'stopped'
        // The app wrote both ends: what its `toClient` gave is what comes out here.
        yield event as TurnEvent<T>
      }
    }
  } catch (error) {
    if (!isDone) throw isLeftoffError(error) ? error : interrupted(error)
  } finally {
    reader?.cancel().catch(() => {})
  }
  if (!isDone && !hasLeft()) throw interrupted(undefined)
}

/** React Native has no `body`: there the answer comes in one piece. */
async function* pieces(
  response: Response,
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!reader) yield new TextEncoder().encode(await response.text())
  while (reader) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

async function refusal(
  response: Response,
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
): Promise<LeftoffError> {
  // A body has one reader.
  reader?.releaseLock()
  const event = parseWireEvent(await response.text().catch(() => ''))
  const isKnown = event?.type === 'error' && (event.code === 'turn-busy' || event.code === 'turn-repeated')
  if (response.status === 409 && isKnown) return toError(event)
  return new LeftoffError('turn-failed', `The server answered ${response.status}. ${wireError('turn-failed').message}`)
}

function toError({ code, message, ...options }: ReturnType<typeof wireError>): LeftoffError {
  return new LeftoffError(code, message, options)
}

function interrupted(cause: unknown): LeftoffError {
  return new LeftoffError('turn-interrupted', wireError('turn-interrupted').message, { cause })
}
