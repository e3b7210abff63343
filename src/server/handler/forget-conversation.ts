import type { TabKey } from '../../core/tab-key.js'
import type { AgentSessionStore } from '../agent-session-store.js'
import type { TurnLog } from '../turn-log.js'

/**
 * Forgets what the server keeps of a conversation: its agent session, its turns and their logs. A turn that runs loses its
 * lease, and is stopped. Call it where your app deletes its messages. Rejects if a store cannot be reached; call it again
 * then.
 *
 * @example
 * ```ts
 * import { forgetConversation, tabKey } from 'leftoff/server'
 *
 * await forgetConversation({ sessions, log }, tabKey({ userId, workspace, tabId: conversationId }))
 * ```
 */
export async function forgetConversation(
  { sessions, log }: { readonly sessions: AgentSessionStore; readonly log: TurnLog | false },
  key: TabKey,
): Promise<void> {
  // First the row: a turn that runs writes no more once it has lost its lease.
  await sessions.delete(key)
  if (log) await log.delete(key)
}
