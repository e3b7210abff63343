import { isObject } from '../core/checks.js'
import { isLeftoffError } from '../core/error.js'
import type { TurnClientEvent } from '../turns/turn-client.js'

/** The AI SDK's `UIMessageChunk`, as far as this package makes it. What a server sends as `data` may be any other. */
export type UiChunk =
  | { type: 'start'; messageId: string }
  | { type: 'text-start' | 'text-end'; id: string }
  | { type: 'text-delta'; id: string; delta: string }
  | { type: `data-${string}`; data: unknown; transient?: boolean }
  | { type: 'message-metadata'; messageMetadata: unknown }
  | { type: 'finish' | 'abort' }
  | { type: 'error'; errorText: string }

/** Turns the events of a turn into the chunks of its answer. */
export function uiChunks() {
  let part = 0
  let isOpen = false
  let isFinished = false
  let answerId = ''
  let text = ''

  function close(): UiChunk[] {
    if (!isOpen) return []
    isOpen = false
    return [{ type: 'text-end', id: `text-${part++}` }]
  }

  function ofData(data: unknown): UiChunk[] {
    if (!isChunk(data)) return [...close(), { type: 'data-message', data }]
    if (data.type === 'finish') isFinished = true
    if (data.type === 'text-delta' && 'delta' in data) text += data.delta
    // The server's own message has another id than the one under which the answer is stored.
    const own = data.type === 'start' ? { ...data, messageId: answerId } : data
    return [...close(), own as UiChunk] // checked by who made it: `useChat` reads what it does not know as nothing
  }

  return {
    of(event: TurnClientEvent): UiChunk[] {
      switch (event.type) {
        case 'turn':
          answerId = `${event.messageId}.answer`
          text = ''
          return [{ type: 'start', messageId: answerId }]
        case 'text': {
          const id = `text-${part}`
          const opening: UiChunk[] = isOpen ? [] : [{ type: 'text-start', id }]
          isOpen = true
          text += event.text
          return [...opening, { type: 'text-delta', id, delta: event.text }]
        }
        case 'data':
          return ofData(event.data)
        case 'discard':
          text = text.slice(0, event.keep)
          return [...close(), { type: 'data-discard', data: { keep: event.keep } }]
        case 'recovered':
          return [
            ...close(),
            { type: 'data-recovered', data: { reason: event.reason, contextLost: event.contextLost } },
          ]
        case 'missed':
          return [...close(), { type: 'data-missed', data: {} }]
        case 'started':
          return []
        case 'stopped':
          return [...close(), { type: 'abort' }]
        case 'done':
          return [
            ...close(),
            ...(event.usage ? [{ type: 'message-metadata' as const, messageMetadata: { usage: event.usage } }] : []),
            ...(isFinished ? [] : [{ type: 'finish' as const }]),
          ]
      }
    },
    /** What there is of the answer. */
    answer: () => ({ messageId: answerId, text }),
    ofError(error: unknown): UiChunk[] {
      const errorText = isLeftoffError(error)
        ? error.message
        : 'The answer could not be completed. Send the message again.'
      return [...close(), { type: 'error', errorText }]
    },
  }
}

function isChunk(data: unknown): data is { readonly type: string } {
  return isObject(data) && typeof data.type === 'string' && chunkTypes.test(data.type)
}

const chunkTypes =
  /^(?:(?:text|reasoning|tool-input|tool-output|source|data|message)-|(?:start|finish)(?:-step)?$|(?:file|error|abort|custom)$|tool-approval)/
