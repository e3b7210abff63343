/** @typedef {import('leftoff').ConversationSession} Session */

/** How many conversations one workspace has; the history ring shows as many. */
export const perWorkspace = 10

/**
 * The sessions a profile starts with, ten per workspace, the same in every library. Of about 300 characters each as JSON.
 *
 * @param {number} count
 * @returns {readonly Session[]}
 */
export function storedSessions(count) {
  return Array.from({ length: count }, (_, index) => ({
    ...newSession(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`, workspaceOf(index)),
    lastActivity: Date.now() - (count - index) * 60_000,
    messageCount: 12,
  }))
}

/**
 * A conversation with its first message, as an app that stores the list itself would write it.
 *
 * @param {string} conversationId
 * @param {string} workspace
 * @returns {Session}
 */
export function newSession(conversationId, workspace) {
  return {
    conversationId,
    workspace,
    userId: '',
    startedAt: 1_750_000_000_000,
    lastActivity: Date.now(),
    messageCount: 1,
    lastMessagePreview: firstMessage,
  }
}

export const firstMessage = 'Can you move the opening hours above the map, and keep them on one line on phones?'

/** @param {number} index */
export function workspaceOf(index) {
  return `project-${Math.floor(index / perWorkspace)}.example`
}

// What an app does with a list of all its sessions, the shape people give to zustand, jotai and redux.

/**
 * @param {readonly Session[]} sessions
 * @param {string} conversationId
 */
export function touched(sessions, conversationId) {
  return sessions.map((session) =>
    session.conversationId === conversationId ? { ...session, lastActivity: Date.now() } : session,
  )
}

/**
 * @param {readonly Session[]} sessions
 * @param {string} workspace
 */
export function newestOf(sessions, workspace) {
  return sessions
    .filter((session) => session.workspace === workspace)
    .sort((a, b) => b.lastActivity - a.lastActivity)
    .slice(0, perWorkspace)
}
