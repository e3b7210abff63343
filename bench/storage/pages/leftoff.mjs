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
  /** @type {Promise<unknown> | undefined} */
  let opening
  return {
    settle: () => store.flush(),
    async seed(sessions) {
      const changes = sessions.map((session) => ({ session, base: 0, saveId: session.conversationId }))
      const refusals = await adapter.save(changes)
      if (refusals.length > 0) throw new Error(`${refusals.length} of ${sessions.length} sessions were refused.`)
    },
    async open(workspace, conversationId) {
      const ring = () => historyRing(store.getState().sessions, { workspace })
      opening = store.initConversation(workspace, conversationId === undefined ? {} : { conversationId })
      /** @type {Promise<void>} */
      const listed = new Promise((resolve) => {
        const stop = store.subscribe(() => {
          if (ring().length === 0) return
          stop()
          resolve()
        })
      })
      await Promise.race([listed, opening])
      return ring()
    },
    async resumed() {
      await opening
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
