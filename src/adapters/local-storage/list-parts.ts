import type { ListQuery, SessionPage } from '../../core/adapter.js'
import { cursorOf, placeOf } from '../../core/list-cursor.js'
import type { RankedSession } from '../../core/session.js'
import { byRank, sessionOf } from '../../core/stored-row.js'
import type { WebStorage } from '../../core/web-storage.js'
import type { IndexedConversation } from './key-index.js'
import type { ReadConversation } from './parts.js'

/** What {@link listParts} lists from. */
export interface ListSource {
  readonly storage: WebStorage
  readonly conversations: ReadonlyMap<string, IndexedConversation>
  readonly read: (conversation: IndexedConversation) => ReadConversation
  readonly isRemoved: (conversationId: string) => boolean
}

/** How many values are looked at before the page may do something else, such as paint: a few milliseconds' worth. */
const valuesPerTask = 1_000

/**
 * A page of the list. Only the sessions on it are parsed; of the others just the rank is looked for in the text, once for as
 * long as the text stays the same, and that gives way to the page now and then.
 */
export async function listParts(
  { storage, conversations, read, isRemoved }: ListSource,
  { workspace, limit, after }: ListQuery,
): Promise<SessionPage> {
  const start = after === undefined ? undefined : placeOf(after)
  const candidates: {
    readonly conversation: IndexedConversation
    readonly conversationId: string
    readonly rank: number
  }[] = []
  let looked = 0
  for (const [conversationId, conversation] of conversations) {
    if (workspace !== undefined && conversation.workspace !== workspace) continue
    let rank = 0
    for (const [key, known] of conversation.ranks) {
      if (known === undefined && ++looked % valuesPerTask === 0) await nextTask()
      const own = known ?? rankOf(storage.getItem(key) ?? '')
      conversation.ranks.set(key, own)
      rank = Math.max(rank, own)
    }
    candidates.push({ conversation, conversationId, rank })
  }
  candidates.sort(byRank)
  const sessions: RankedSession[] = []
  for (const candidate of candidates) {
    if (start && byRank(candidate, start) <= 0) continue
    if (sessions.length > limit) break
    if (isRemoved(candidate.conversationId)) continue
    const found = read(candidate.conversation)
    if (found && found !== 'newer-version') sessions.push(sessionOf(found.row))
  }
  sessions.sort(byRank) // one may have been saved in between
  const page = sessions.slice(0, limit)
  const last = page.at(-1)
  return { sessions: page, ...(sessions.length > limit && last && { next: cursorOf(last) }) }
}

/** A part's rank as it stands in its text, where it is the first of the ranks; a quote inside a string would be escaped. */
function rankOf(text: string): number {
  return Number(/"activity":\{"at":\d+,"rank":(\d+)\}/.exec(text)?.[1] ?? 0)
}

/** Not by a timer: in a hidden page each would take a second. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
