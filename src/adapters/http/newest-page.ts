import type { RankedSession } from '../../core/session.js'

/** What a page of the user's newest sessions said last, to know what another one changes. */
export function newestPage() {
  let known: { readonly userId: string; readonly etag: string; readonly rows: ReadonlyMap<string, string> } | undefined

  return {
    /** The ETag of the page that is known. */
    etagOf(userId: string): string | undefined {
      return known?.userId === userId ? known.etag : undefined
    },

    /** Takes in a page. The ids of what is new, changed or no longer on it; `undefined` if there was none to compare with. */
    take(userId: string, sessions: readonly RankedSession[], etag: string): readonly string[] | undefined {
      const before = known?.userId === userId ? known.rows : undefined
      const rows = new Map(sessions.map((session) => [session.conversationId, JSON.stringify(session)]))
      known = { userId, etag, rows }
      return before && [...new Set([...rows.keys(), ...before.keys()])].filter((id) => rows.get(id) !== before.get(id))
    },
  }
}
