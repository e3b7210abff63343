import { type ClaudeMessage, claudeDriver } from 'leftoff/agents/claude'
import { type AgentSessionStore, hashMessage, runTurn, type TabKey, type Turn, type TurnEvent } from 'leftoff/server'
import * as z from 'zod'
import type { ChatAgent } from './chat-agent.js'
import type { ConversationOf, Messages } from './messages.js'

/** One turn of this app. */
export interface ChatTurn {
  readonly sessionStore: AgentSessionStore
  readonly messages: Messages
  readonly agent: ChatAgent
  readonly now: () => number
  readonly key: TabKey
  readonly conversation: ConversationOf
  readonly workspace: string
  readonly messageId: string
  readonly turnId: string
  readonly message: string
  /** Aborted when the browser goes away, also while the agent is silent. */
  readonly signal: AbortSignal
  readonly onError: (error: unknown) => void
}

/** Runs the agent with leftoff and keeps the messages of the turn. */
export async function runChatTurn(options: ChatTurn): Promise<Turn<ClaudeMessage>> {
  const { sessionStore, messages, agent, key, conversation, workspace, messageId, turnId, message, signal, onError } =
    options
  const turn = await runTurn<ClaudeMessage>({
    sessions: sessionStore,
    key,
    turnId,
    messageHash: await hashMessage(messageId, message),
    agent: claudeDriver,
    signal,
    onError,
    async *run({ resume, signal, onStderr }) {
      await keepQuestion(options)
      yield* agent.run({ workspace, message, signal, onStderr, ...(resume !== undefined && { resume }) })
    },
    // A message that is sent again may be kept already; it is no history of its own.
    hasHistory: async () => (await messages.list(conversation)).some(({ id }) => id !== messageId),
  })
  return turn.ok ? { ...turn, events: keepAnswer(turn.events, options) } : turn
}

/** Before the agent answers, so that a page that is loaded meanwhile shows it; once, however often it is sent. */
async function keepQuestion({ messages, now, conversation, messageId, message }: ChatTurn): Promise<void> {
  if ((await messages.list(conversation)).some(({ id }) => id === messageId)) return
  await messages.append(conversation, { id: messageId, role: 'user', text: message, at: now() })
}

/** Passes the events on and keeps the answer once it is complete, or as far as the user saw it when it breaks off. */
async function* keepAnswer(
  events: AsyncIterable<TurnEvent<ClaudeMessage>>,
  { messages, now, conversation }: ChatTurn,
): AsyncGenerator<TurnEvent<ClaudeMessage>> {
  let text = ''
  let isComplete = false
  let lost: { contextLost?: true } = {}
  try {
    for await (const event of events) {
      if (event.type === 'recovered' && event.contextLost) lost = { contextLost: true }
      if (event.type === 'discard') text = ''
      if (event.type === 'message') text += textOf(event.message)
      if (event.type === 'done') {
        isComplete = true
        await messages.append(conversation, { role: 'assistant', text, at: now(), ...lost })
      }
      yield event
    }
  } finally {
    if (!isComplete && text !== '') {
      await messages.append(conversation, { role: 'assistant', text, at: now(), interrupted: true, ...lost })
    }
  }
}

/** The piece of the answer in a message; the finished one that follows the pieces repeats them. */
export function textOf(message: ClaudeMessage): string {
  const { data } = textDelta.safeParse(message)
  return data?.event.delta.text ?? ''
}

/** Others bring thoughts or a tool's input. */
const textDelta = z.object({
  type: z.literal('stream_event'),
  event: z.object({
    type: z.literal('content_block_delta'),
    delta: z.object({ type: z.literal('text_delta'), text: z.string() }),
  }),
})
