import type { ConversationSession } from 'leftoff'
import { onePerProcess } from './one-per-process'

/** What this server knows of its users' conversations; an app with accounts asks its database. */
const conversations = onePerProcess('conversations', () => new Map<string, ConversationSession>())

/** The user's history. Takes its time, so that the requests of two users overlap. */
export async function historyOf(userId: string): Promise<ConversationSession[]> {
  await new Promise((resolve) => setTimeout(resolve, 50))
  return [...conversations.values()].filter((session) => session.userId === userId)
}

/** Whether the user said something in it before. */
export function isKnown(userId: string, conversationId: string): boolean {
  return conversations.has(JSON.stringify([userId, conversationId]))
}

/** Remembers that something was said. */
export function keep(
  conversation: Pick<ConversationSession, 'userId' | 'workspace' | 'conversationId'>,
  text: string,
): void {
  const key = JSON.stringify([conversation.userId, conversation.conversationId])
  const now = Date.now()
  const { startedAt = now, messageCount = 0 } = conversations.get(key) ?? {}
  conversations.set(key, {
    ...conversation,
    startedAt,
    lastActivity: now,
    messageCount: messageCount + 1,
    lastMessagePreview: text,
  })
}
