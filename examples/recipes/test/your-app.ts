import type { ClaudeMessage } from 'leftoff/agents/claude'
import { memoryAgentSessions, memoryTurnLog, type TurnIds, type TurnRun } from 'leftoff/server'
import type { ChatMessage } from '../../routes/your-app.js'

// What ../../routes/turns.ts needs of an app: one guest, messages in memory, and an agent that counts what it was told.

export const sessions = memoryAgentSessions()
export const log = memoryTurnLog()
export const errors: unknown[] = []
const messages = new Map<string, ChatMessage>()
const agentSessions = new Map<string, number>()

export const userOf = async () => 'guest'
export const isMember = async () => true
export const onError = (error: unknown) => void errors.push(error)
export const messagesOf = (id: string) => [...messages.values()].filter(({ conversationId }) => conversationId === id)
export const hasEarlier = async ({ conversationId, messageId }: TurnIds) =>
  messagesOf(conversationId).some(({ id }) => id !== messageId && id !== `${messageId}.answer`)

export async function upsertMessage(message: ChatMessage): Promise<void> {
  messages.set(JSON.stringify([message.userId, message.conversationId, message.id]), message)
}

/** The agent loses what it knows. */
export const forget = () => agentSessions.clear()

export async function* runAgent({ input, resume }: TurnRun<string>): AsyncGenerator<ClaudeMessage> {
  if (resume !== undefined && !agentSessions.has(resume)) {
    throw new Error(`Claude Code returned an error result: No conversation found with session ID: ${resume}`)
  }
  const session_id = resume ?? crypto.randomUUID()
  const turn = (agentSessions.get(session_id) ?? 0) + 1
  agentSessions.set(session_id, turn)
  const text = `${turn}: you said ${input}`
  yield { type: 'assistant', session_id, message: { content: [{ type: 'text', text }] } } as ClaudeMessage
  const usage = { input_tokens: 3, output_tokens: 4 }
  yield { type: 'result', subtype: 'success', is_error: false, session_id, usage } as ClaudeMessage
}
