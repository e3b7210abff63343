import type { SessionAdapter } from '../core/adapter.js'
import type { ConversationSession } from '../core/session.js'

/** Removes the user's oldest rows, those that may go; resolves to their ids. */
export async function removeOldest(
  adapter: SessionAdapter,
  userId: string,
  { limit, mayGo }: { readonly limit: number; readonly mayGo: (row: ConversationSession) => Promise<boolean> },
): Promise<readonly string[]> {
  const oldest = await adapter.list(userId, { limit, order: 'oldest' })
  const ids: string[] = []
  for (const row of oldest) if (await mayGo(row)) ids.push(row.conversationId)
  if (ids.length > 0) await adapter.remove(userId, ids)
  return ids
}
