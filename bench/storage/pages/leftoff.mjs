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
      const refusals = await adapter.save(sessions.map(changeOf))
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
    // The store itself loads page by page.
    async all() {
      /** @type {import('leftoff').ConversationSession[]} */
      const all = []
      /** @type {string | undefined} */
      let after
      do {
        const { sessions, next } = await adapter.list('', { limit: 1_000, ...(after !== undefined && { after }) })
        all.push(...sessions)
        after = next
      } while (after !== undefined)
      return all
    },
  }
}

/**
 * A whole session as one change.
 *
 * @param {import('leftoff').ConversationSession} session
 * @returns {import('leftoff').SessionChange}
 */
function changeOf({ userId, workspace, conversationId, startedAt, lastActivity, messageCount, lastMessagePreview }) {
  return {
    userId,
    workspace,
    conversationId,
    epoch: '',
    begins: startedAt,
    activity: { at: lastActivity, rank: lastActivity },
    counts: { seededby: { messages: messageCount } },
    ...(lastMessagePreview !== undefined && { preview: { text: lastMessagePreview, rank: lastActivity } }),
  }
}
