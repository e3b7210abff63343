import type { RankedSession } from '../../src/core/session.js'

/** A session for tests; say what matters. */
export function session(fields: Partial<RankedSession> = {}): RankedSession {
  const { lastActivity = 0 } = fields
  return {
    conversationId: 'c1',
    workspace: 'w',
    userId: '',
    startedAt: 0,
    lastActivity,
    messageCount: 0,
    rank: lastActivity,
    ...fields,
  }
}
