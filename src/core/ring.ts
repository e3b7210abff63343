import type { ConversationSession } from './session.js'

/** How many sessions of a workspace a history ring shows by default. */
export const defaultCapacity = 10

/**
 * The history ring: the first sessions of a workspace, in the order given, which is newest first in a store's state. A view; nothing is
 * deleted for being eleventh.
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
  return sessions.filter((session) => session.workspace === workspace).slice(0, capacity)
}
