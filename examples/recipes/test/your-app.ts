import type { ClaudeMessage } from 'leftoff/agents/claude'
import { type AgentRequest, memoryAgentSessions } from 'leftoff/server'
import type { ChatMessage } from '../plain-fetch/use-chat.js'
import type { TurnBody } from '../your-app.js'

// What the recipes' routes need of an app: one guest, messages in memory, and an agent that counts what it was told.

export const sessionStore = memoryAgentSessions()
export const messages = new Map<string, ChatMessage[]>()
export const errors: unknown[] = []
const sessions = new Map<string, number>()

export const userOf = async () => 'guest'
export const isMember = async () => true
export const onError = (error: unknown) => void errors.push(error)
export const hasMessages = async (_userId: string, conversationId: string) => messages.has(conversationId)

/** The agent loses what it knows. */
export const forget = () => sessions.clear()

export function parseTurn(body: unknown): TurnBody | undefined {
  return body && typeof body === 'object' && 'message' in body ? (body as TurnBody) : undefined // sent by our own pages
}

export function toClient(message: ClaudeMessage): { text: string } | undefined {
  const text = Reflect.get(message, 'text')
  return typeof text === 'string' ? { text } : undefined
}

export async function* runAgent(
  { conversationId, message }: TurnBody,
  { resume }: AgentRequest,
): AsyncGenerator<ClaudeMessage> {
  if (resume !== undefined && !sessions.has(resume)) {
    throw new Error(`Claude Code returned an error result: No conversation found with session ID: ${resume}`)
  }
  const session_id = resume ?? crypto.randomUUID()
  const turn = (sessions.get(session_id) ?? 0) + 1
  sessions.set(session_id, turn)
  const answer = `${turn}: you said ${message}`
  yield { type: 'assistant', session_id, text: answer.slice(0, 5) } as ClaudeMessage // a piece of it, as our toClient reads it
  yield { type: 'assistant', session_id, text: answer.slice(5) } as ClaudeMessage
  messages.set(conversationId, [
    ...(messages.get(conversationId) ?? []),
    { role: 'user', text: message },
    { role: 'assistant', text: answer },
  ])
  yield {
    type: 'result',
    subtype: 'success',
    is_error: false,
    session_id,
    usage: { input_tokens: 3, output_tokens: 4 },
  } as ClaudeMessage
}
