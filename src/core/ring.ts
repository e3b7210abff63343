import type { ConversationSession } from './session.js'

/** How many sessions of a workspace a history ring shows unless told otherwise. */
export const defaultCapacity = 10

/**
 * The history ring: the newest sessions of a workspace, newest activity first. A view; nothing is deleted for being eleventh.
 *
 * @example
 * ```ts
 * import { historyRing } from 'leftoff'
 *
 * const recent = historyRing(store.getState().sessions, { workspace: 'demo.alive.best' })
 * ```
 */
export function historyRing(
  sessions: readonly ConversationSession[],
  { workspace, capacity = defaultCapacity }: { readonly workspace: string; readonly capacity?: number },
): readonly ConversationSession[] {
  return sessions
    .filter((session) => session.workspace === workspace)
    .sort(byActivity('newest'))
    .slice(0, capacity)
}

/** Order by last activity; ties by id, so that every tab shows the same order. */
export function byActivity(order: 'newest' | 'oldest'): (a: Activity, b: Activity) => number {
  const sign = order === 'newest' ? -1 : 1
  return (a, b) => {
    if (a.lastActivity !== b.lastActivity) return sign * (a.lastActivity - b.lastActivity)
    return a.conversationId < b.conversationId ? -1 : a.conversationId > b.conversationId ? 1 : 0
  }
}

type Activity = Pick<ConversationSession, 'lastActivity' | 'conversationId'>
