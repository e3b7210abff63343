import type { ConversationSession } from '../../src/core/session.js'

/** A row for tests; say what matters. */
export function session(fields: Partial<ConversationSession> = {}): ConversationSession {
  return {
    conversationId: 'c1',
    workspace: 'w',
    userId: '',
    startedAt: 0,
    lastActivity: 0,
    messageCount: 0,
    revision: 1,
    ...fields,
  }
}
