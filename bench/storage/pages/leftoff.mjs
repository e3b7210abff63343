import { createSessionStore, historyRing } from 'leftoff'
import { firstMessage } from './sessions.mjs'

/**
 * leftoff with one of its adapters.
 *
 * @param {import('leftoff').SessionAdapter} adapter
 * @returns {import('./measure.mjs').Library}
 */
export function leftoffLibrary(adapter) {
  const store = createSessionStore({ adapter })
  return {
    settle: () => store.flush(),
    async seed(sessions) {
      const changes = sessions.map((session) => ({ session, base: 0, saveId: session.conversationId }))
      const refusals = await adapter.save(changes)
      if (refusals.length > 0) throw new Error(`${refusals.length} of ${sessions.length} sessions were refused.`)
    },
    async open(workspace, conversationId) {
      await store.initConversation(workspace, conversationId === undefined ? {} : { conversationId })
      return historyRing(store.getState().sessions, { workspace })
    },
    begin(workspace) {
      const conversationId = store.newConversation(workspace)
      store.recordMessage({ role: 'user', text: firstMessage })
      return conversationId
    },
    touch: (id) => store.updateActivity(id),
    // The store itself keeps the newest 100 only.
    all: () => adapter.list('', { limit: 100_000 }),
  }
}
