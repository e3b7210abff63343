import type { SessionAdapter } from '../core/adapter.js'
import { withoutContent } from '../core/unsaved.js'

/** The adapter as if there were no titles and previews: none goes in, and none that another app stored comes out. */
export function contentFree(adapter: SessionAdapter): SessionAdapter {
  return {
    ...adapter,
    list: async (userId, query) => (await adapter.list(userId, query)).map(withoutContent),
    async get(userId, conversationId) {
      const row = await adapter.get(userId, conversationId)
      return row && withoutContent(row)
    },
    // Not async: the adapter may have to write before this returns.
    save: (changes) =>
      adapter
        .save(changes.map((change) => ({ ...change, session: withoutContent(change.session) })))
        .then((refusals) =>
          refusals.map((refusal) =>
            refusal.reason === 'changed' ? { ...refusal, stored: withoutContent(refusal.stored) } : refusal,
          ),
        ),
  }
}
