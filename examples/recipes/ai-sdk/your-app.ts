// What route.ts and server.ts need of your app. Here it is in memory, for one guest: put your authentication and your database in
// its place.

import type { UIMessage } from 'ai'
import { memoryAgentSessions, memoryTurnLog } from 'leftoff/server'

/** `outcome`: an answer that is not whole was `stopped`, `failed` or `interrupted`. `contextLost`: the agent did not know the earlier messages. */
export type Message = UIMessage<
  { at: number; outcome?: string; contextLost?: boolean },
  { recovered: { contextLost: boolean } }
>

interface Conversation {
  readonly userId: string
  readonly conversationId: string
}

/** From your session cookie or token, never from the body. */
export const userOf = (_request: Request): string | undefined => 'guest'

/** Who holds a conversation and which turns have run, and what running turns have sent. */
export const sessions = memoryAgentSessions()
export const log = memoryTurnLog()

const stored = new Map<string, Map<string, Message>>()
const keyOf = ({ userId, conversationId }: Conversation) => JSON.stringify([userId, conversationId])

/** Stores a message, or replaces it: by user, conversation and the message's id. In a table its parts are JSON. */
export async function putMessage(conversation: Conversation, message: Message): Promise<void> {
  const messages = stored.get(keyOf(conversation)) ?? new Map<string, Message>()
  stored.set(keyOf(conversation), messages.set(message.id, message))
}

/** The user's conversation, oldest first. */
export async function messagesOf(conversation: Conversation): Promise<Message[]> {
  return [...(stored.get(keyOf(conversation))?.values() ?? [])]
}
