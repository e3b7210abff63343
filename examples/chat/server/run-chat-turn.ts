import { type ClaudeMessage, claudeDriver } from 'leftoff/agents/claude'
import { type AgentSessionStore, runTurn, type TabKey, type Turn, type TurnEvent } from 'leftoff/server'
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
  readonly message: string
  /** Aborted when the browser goes away, also while the agent is silent. */
  readonly signal: AbortSignal
  readonly onError: (error: unknown) => void
}

/** Runs the agent with leftoff and keeps the messages of the turn. */
export async function runChatTurn(options: ChatTurn): Promise<Turn<ClaudeMessage>> {
  const {
    sessionStore,
    messages,
    agent,
    key,
    conversation,
    workspace,
    message,
    signal: clientSignal,
    onError,
  } = options
  const turn = await runTurn<ClaudeMessage>({
    sessions: sessionStore,
    key,
    agent: claudeDriver,
    signal: clientSignal,
    onError,
    run: ({ resume, signal, onStderr }) =>
      agent.run({ workspace, message, signal, onStderr, ...(resume !== undefined && { resume }) }),
    // This turn's own message is kept once the agent answers, so what is listed here is earlier.
    hasHistory: async () => (await messages.list(conversation)).length > 0,
  })
  return turn.ok ? { ok: true, events: keepMessages(turn.events, options) } : turn
}

/**
 * Passes the events on and keeps the user's message once the agent answers, the answer once it is complete. So a turn that
 * brought no answer can simply be sent again. An answer that breaks off is kept as far as the user saw it.
 */
async function* keepMessages(
  events: AsyncIterable<TurnEvent<ClaudeMessage>>,
  { messages, now, conversation, message }: ChatTurn,
): AsyncGenerator<TurnEvent<ClaudeMessage>> {
  let answer = ''
  let hasAnswered = false
  let isComplete = false
  try {
    for await (const event of events) {
      if (event.type === 'discard') answer = ''
      if (event.type === 'message') answer += textOf(event.message)
      if (!hasAnswered && (answer !== '' || event.type === 'done')) {
        hasAnswered = true
        await messages.append(conversation, { role: 'user', text: message, at: now() })
      }
      if (event.type === 'done') {
        isComplete = true
        await messages.append(conversation, { role: 'assistant', text: answer, at: now() })
      }
      yield event
    }
  } finally {
    if (!isComplete && answer !== '') {
      await messages.append(conversation, { role: 'assistant', text: answer, at: now(), interrupted: true })
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
