import type { AgentDriver } from '../../core/agent-driver.js'
import type { TurnStreamEvent } from '../../core/turn-stream.js'
import { growingText } from './growing-text.js'
import type { ClientPart } from './turn-handler.js'

/** What of the agent's messages the person sees. */
export interface ShownAnswer<M> {
  /** Takes a message and sends what the browser gets of it. Throws what `toClient` throws. */
  take(message: M): void
  /** The agent writes its unfinished message again. */
  discard(): void
  isEmpty(): boolean
  text(): string
  readonly data: readonly unknown[]
}

/** An answer of which nothing is shown yet. If nobody uses it in the end, it is not kept. */
export function createShownAnswer<M>(
  { pieceOf, textOf }: AgentDriver<M>,
  toClient: ((message: M) => ClientPart | undefined) | undefined,
  send: (event: TurnStreamEvent) => void,
  isKept = true,
): ShownAnswer<M> {
  const shown = growingText(isKept)
  /** The driver's own text, for as long as the app has shown none. */
  const found = growingText(isKept)
  const data: unknown[] = []
  /** How much of each text belongs to messages that are finished. */
  let finished = { shown: 0, found: 0 }
  let hasPieces = false

  /** What the driver finds: the pieces of a message, else the whole of it. */
  function textIn(message: M, whole: string | undefined): string | undefined {
    const piece = pieceOf?.(message)
    if (piece) hasPieces = true
    return piece || (hasPieces ? undefined : whole)
  }

  return {
    take(message) {
      const whole = textOf?.(message)
      const text = textIn(message, whole)
      const part: ClientPart | undefined = toClient ? toClient(message) : { text }
      if (part?.text) {
        shown.append(part.text)
        send({ type: 'text', text: part.text })
      } else if (text && shown.length() === 0) {
        found.append(text)
      }
      if (part?.data !== undefined) {
        if (isKept) data.push(part.data)
        send({ type: 'data', data: part.data })
      }
      if (whole === undefined) return
      hasPieces = false
      finished = { shown: shown.length(), found: found.length() }
    },

    discard() {
      hasPieces = false
      found.cut(finished.found)
      if (shown.length() === finished.shown) return
      shown.cut(finished.shown)
      send({ type: 'discard', keep: finished.shown })
    },

    isEmpty: () => shown.length() === 0 && data.length === 0,
    text: () => (shown.length() > 0 ? shown.value() : found.value()),
    data,
  }
}
