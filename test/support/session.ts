import type { SessionChange } from '../../src/core/apply-change.js'
import type { RankedSession } from '../../src/core/session.js'

/** A session as adapters list it; say what matters. */
export function session(fields: Partial<RankedSession> = {}): RankedSession {
  const { lastActivity = 0 } = fields
  return {
    conversationId: 'c1',
    workspace: 'w',
    userId: '',
    startedAt: 0,
    lastActivity,
    rank: lastActivity,
    messageCount: 0,
    ...fields,
  }
}

/** The change that stores a session as given, in a scope of its own. */
export function changeTo(given: RankedSession, scope = 'stored00'): SessionChange {
  const { userId, workspace, conversationId, startedAt, lastActivity, rank, messageCount, tokenUsage } = given
  const { title, lastMessagePreview } = given
  return {
    userId,
    workspace,
    conversationId,
    epoch: '',
    begins: startedAt,
    activity: { at: lastActivity, rank },
    counts: { [scope]: { messages: messageCount, ...(tokenUsage && { usage: tokenUsage }) } },
    ...(lastMessagePreview !== undefined && { preview: { text: lastMessagePreview, rank } }),
    ...(title !== undefined && { titles: { person: { text: title, rank } } }),
  }
}
