/** The blob of an older app, as zustand's persist wrote it. Each session has a title. */
export function olderBlob(ids: readonly string[], lastActivity: number = Date.UTC(2025, 11, 31)): string {
  const sessions = ids.map((conversationId) => ({
    conversationId,
    workspace: 'older',
    lastActivity,
    title: `Title of ${conversationId}`,
  }))
  return JSON.stringify({ state: { sessions, currentConversationId: null, currentWorkspace: null }, version: 0 })
}
