import { isLeftoffError, LeftoffError } from './error.js'
import { createSseParser } from './sse.js'
import type { TurnEvent } from './turn-event.js'
import { parseWireEvent, wireError } from './turn-wire.js'

/**
 * The events of a turn that `turnResponse` sends. `T` is what its `toClient` gives.
 *
 * Throws what ended the turn early: `turn-busy` with `retryAfterMs` when another turn has the conversation,
 * `turn-repeated` when this one was answered before, the server's error by its code, `turn-failed` for any other response, `turn-interrupted` when the stream ends without
 * `done` or `stopped`.
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
export async function* readTurn<T = unknown>(response: Response): AsyncGenerator<TurnEvent<T>, void, undefined> {
  if (!response.ok) throw await refusal(response)
  const reader = response.body?.getReader()
  const parse = createSseParser()
  let isDone = false
  try {
    // On to the end of the stream, also after `done`: cancelling it would cost the connection.
    while (reader) {
      const { done, value } = await reader.read()
      if (done) break
      for (const { data } of parse(value)) {
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
    // Tells the server when the reader leaves early. The connection may be gone already.
    reader?.cancel().catch(() => {})
  }
  if (!isDone) throw interrupted(undefined)
}

async function refusal(response: Response): Promise<LeftoffError> {
  const body = await response.text().catch(() => '')
  const event = parseWireEvent(body)
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
