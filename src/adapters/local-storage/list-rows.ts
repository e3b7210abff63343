import type { ListQuery } from '../../core/adapter.js'
import { byActivity } from '../../core/ring.js'
import type { ConversationSession } from '../../core/session.js'
import type { WebStorage } from '../../core/web-storage.js'
import type { rowKeys } from './keys.js'
import type { rowStorage } from './row-storage.js'

/** How many rows are looked at before the page may do something else, such as paint: a few milliseconds' worth. */
export const rowsPerTask = 1_000

/**
 * The first `limit` sessions. Only these are parsed; of the other rows just the text of their last activity is looked at, and
 * that gives way to the page now and then, for thousands of them take longer than a frame.
 */
export async function listRows(
  storage: WebStorage,
  keys: ReturnType<typeof rowKeys>,
  rows: ReturnType<typeof rowStorage>,
  userId: string,
  { workspace, limit, order = 'newest' }: ListQuery,
): Promise<readonly ConversationSession[]> {
  const candidates: { readonly key: string; readonly conversationId: string; readonly lastActivity: number }[] = []
  for (const key of keys.rowsOf(storage, userId, workspace)) {
    if (candidates.length > 0 && candidates.length % rowsPerTask === 0) await nextTask()
    // Gone meanwhile: reading it again below tells.
    const lastActivity = activityOf(storage.getItem(key) ?? '')
    candidates.push({ key, conversationId: keys.idOf(key), lastActivity })
  }
  const sessions: ConversationSession[] = []
  for (const { key } of candidates.sort(byActivity(order))) {
    if (sessions.length >= limit) break
    const read = rows.read(storage, key)
    if (read?.kind === 'row') sessions.push(read.row.session)
  }
  return sessions.sort(byActivity(order)) // one may have been saved meanwhile
}

/** A row's last activity as it stands in its text; a quote inside a string would be escaped. */
function activityOf(text: string): number {
  return Number(/"lastActivity":(\d+)/.exec(text)?.[1] ?? 0)
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
