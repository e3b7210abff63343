import { isLeftoffError } from '../core/error.js'
import { createId } from '../core/keys-and-ids.js'
import type { TokenUsage } from '../core/session.js'
import { sentText } from '../core/text.js'
import { createTurnClient, type TurnClientEvent, type TurnClientOptions } from '../turns/turn-client.js'
import { type UiChunk, uiChunks } from './ui-chunks.js'

/** A message of `useChat`, as far as it is sent. */
export interface UiMessage {
  readonly id: string
  readonly role: string
  readonly parts: readonly { readonly type: string; readonly text?: unknown }[]
}

/** A message that is counted: what `recordMessage` of a session store takes. */
export interface CountedMessage {
  readonly role: 'user' | 'assistant'
  readonly text: string
  readonly conversationId: string
  readonly messageId: string
  readonly usage?: TokenUsage
}

/** Options of {@link chatTransport}. */
export interface ChatTransportOptions<M extends UiMessage = UiMessage>
  extends Pick<TurnClientOptions, 'api' | 'fetch' | 'clock' | 'browser'> {
  readonly workspace: string
  /** What is sent of the person's message; its text when omitted. */
  readonly messageOf?: (message: M) => unknown
  /**
   * The session store's: counts the question once the server has it, and the answer at its end, each once under its id. What the
   * server refuses is not counted.
   */
  readonly recordMessage?: (message: CountedMessage) => void
}

/** The `transport` option of `useChat`, and a way to stop the answer. */
export interface ChatTransport<M extends UiMessage = UiMessage> {
  readonly resumeStreamIsReplay: true
  /** Sends the newest message of the person, or answers it again. Called by `useChat`. */
  sendMessages(options: {
    readonly chatId: string
    readonly messages: M[]
    readonly abortSignal: AbortSignal | undefined
  }): Promise<ReadableStream<UiChunk>>
  /** Continues the answer that is being written; `null` if there is none. Called by `useChat`. */
  reconnectToStream(options: {
    readonly chatId: string
    readonly abortSignal?: AbortSignal
  }): Promise<ReadableStream<UiChunk> | null>
  /** Stops the answer of a chat; `stop` of `useChat` only stops reading it. */
  stop(chatId: string): Promise<void>
}

/**
 * A transport for `useChat` of the AI SDK 5, 6 and 7: the chat's id is the conversation's, an answer continues after a reload with
 * `resume: true`, and a message that is sent twice runs once. What the handler sends as `data` and is a chunk of the AI SDK passes
 * through, so `run` may stream `streamText().toUIMessageStream()`.
 *
 * @example
 * ```ts
 * import { chatTransport } from 'leftoff/ai-sdk'
 *
 * const { recordMessage } = store
 * const transport = chatTransport({ api: '/api/turn', workspace: 'demo.alive.best', recordMessage })
 * // useChat({ id: conversationId, transport, resume: true })
 * ```
 */
export function chatTransport<M extends UiMessage = UiMessage>({
  workspace,
  messageOf = textOf,
  recordMessage,
  ...options
}: ChatTransportOptions<M>): ChatTransport<M> {
  // `useChat` has no place for a message that was not sent, so none is kept.
  const client = createTurnClient({ ...options, persistContent: false })
  const turnIds = new Map<string, string>()
  const conversationOf = (conversationId: string) => ({ userId: '', workspace, conversationId })

  function record(message: CountedMessage): void {
    if (message.text === '') return
    try {
      recordMessage?.(message)
    } catch (error) {
      if (!isLeftoffError(error)) throw error // the user is gone
    }
  }

  /** The chunks of a turn once it is there; `null` if there is none. What fails before is thrown. */
  async function streamOf(
    chatId: string,
    events: AsyncGenerator<TurnClientEvent, void, undefined>,
  ): Promise<ReadableStream<UiChunk> | null> {
    const first = await events.next()
    if (first.done) return null
    const chunks = uiChunks()
    let next: Promise<IteratorResult<TurnClientEvent, void>> | undefined = Promise.resolve(first)
    return new ReadableStream<UiChunk>({
      async pull(controller) {
        for (;;) {
          let made: UiChunk[] = []
          try {
            const { done, value } = await (next ?? events.next())
            next = undefined
            if (done) return controller.close()
            made = chunks.of(value)
            if (value.type === 'turn') {
              turnIds.set(chatId, value.turnId)
              const text = sentText(value.message)
              record({ role: 'user', text, conversationId: chatId, messageId: value.messageId })
            } else if (value.type === 'done' || value.type === 'stopped') {
              const usage = value.type === 'done' ? value.usage : undefined
              record({ role: 'assistant', ...chunks.answer(), conversationId: chatId, ...(usage && { usage }) })
            }
          } catch (error) {
            for (const chunk of chunks.ofError(error)) controller.enqueue(chunk)
            return controller.close()
          }
          for (const chunk of made) controller.enqueue(chunk)
          if (made.length > 0) return
        }
      },
      cancel: () => void events.return(),
    })
  }

  return {
    resumeStreamIsReplay: true,

    async sendMessages({ chatId, messages, abortSignal }) {
      const question = messages.findLast(({ role }) => role === 'user')
      if (!question) throw new Error('There is no message to send.')
      const turnId = createId()
      turnIds.set(chatId, turnId)
      const message = { message: messageOf(question), messageId: question.id, turnId }
      const events = client.send(conversationOf(chatId), message, abortSignal ? { signal: abortSignal } : {})
      return (await streamOf(chatId, events)) ?? new ReadableStream({ start: (controller) => controller.close() })
    },

    reconnectToStream: ({ chatId, abortSignal }) =>
      streamOf(chatId, client.follow(conversationOf(chatId), abortSignal ? { signal: abortSignal } : {})),

    async stop(chatId) {
      const turnId = turnIds.get(chatId)
      if (turnId !== undefined) await client.stop(conversationOf(chatId), turnId)
    },
  }
}

function textOf({ parts }: UiMessage): string {
  return parts.map(({ type, text }) => (type === 'text' && typeof text === 'string' ? text : '')).join('')
}
