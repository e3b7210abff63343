import { backoffMs } from '../core/clock.js'
import { randomScope } from '../core/keys-and-ids.js'
import type { RankedSession } from '../core/session.js'
import { sessionPages } from '../core/session-adapter.js'
import { storageError } from '../core/storage-error.js'
import { openIds } from './current-conversation.js'
import { addNew, adopt, dropEntry, isHidden, readRow } from './history.js'
import { replaceLost } from './opening.js'
import { refusalError } from './queue.js'
import type { User } from './user.js'

/** How many sessions over all workspaces a page reads first, and how many `loadMore` adds. */
const pageSize = 100
/** How many rows are read at once after news of them: an account answers each by a request of its own. */
const readsAtOnce = 20

/** Something is open: what the page does not know of the history yet is read. */
export function readOnce(user: User): void {
  if (user.reading.run > 0 || user.hasLeft) return
  user.reading.run++
  user.context.clock.setTimeout(() => void (user.hasLeft || refresh(user)), 0)
}

/** Reads the newest sessions, and again later if that fails. */
export async function refresh(user: User): Promise<void> {
  if (user.isGone) return
  const { reading } = user
  const { adapter, capacity } = user.context
  const run = ++reading.run
  const workspace = user.currentWorkspace
  const before = new Map([...user.entries].map(([id, { stored }]) => [id, stored]))
  try {
    const ring = workspace === undefined ? undefined : adapter.list(user.userId, { workspace, limit: capacity })
    ring?.catch(() => {}) // looked at below
    const listed: RankedSession[] = []
    let next: string | undefined
    let lowest = 0
    for await (const page of sessionPages(adapter, user.userId, pageSize)) {
      if (user.isGone || run !== reading.run) return
      listed.push(...page.sessions)
      ;({ next } = page)
      lowest = page.sessions.at(-1)?.rank ?? 0
      // More changed than a page holds: all of it is read, or what lies between the pages would be missing.
      if (reading.newest === 0 || lowest <= reading.newest) break
    }
    const newest = listed[0]?.rank ?? 0
    if (ring) listed.push(...(await ring).sessions)
    if (user.isGone || run !== reading.run) return
    reading.newest = newest
    for (const row of listed) {
      const known = user.entries.get(row.conversationId)?.stored
      adopt(user, row, known !== before.get(row.conversationId))
      if (known) tellNews(user, row, known)
    }
    if (reading.next === undefined || next === undefined) reading.next = next
    if (next === undefined) lowest = 0
    const ids = new Set(listed.map(({ conversationId }) => conversationId))
    for (const [id, stored] of before) {
      // Older ones are not on these pages; and one that was saved while they were read may not be either.
      const entry = user.entries.get(id)
      const isOnPage = stored !== undefined && stored.rank > lowest
      if (isOnPage && !ids.has(id) && entry?.stored === stored) await readOne(user, id)
    }
    readSucceeded(user)
  } catch (cause) {
    readFailed(user, cause)
  }
}

/** Other tabs and devices say which conversations changed; what they are now is read here. No ids: all may have. */
export async function readAgain(user: User, conversationIds: readonly string[]): Promise<void> {
  if (conversationIds.length === 0) return refresh(user)
  try {
    for (let from = 0; from < conversationIds.length && !user.isGone; from += readsAtOnce) {
      const some = conversationIds.slice(from, from + readsAtOnce)
      await Promise.all(
        some.map((id) => {
          const isOnItsWay = user.entries.get(id)?.unsent && user.saving.running
          return isOnItsWay ? void user.reading.again.add(id) : readOne(user, id)
        }),
      )
    }
    user.context.publish()
  } catch (cause) {
    readFailed(user, cause)
  }
}

/** Loads the next page of the history. Whether there is more. */
export async function loadMore(user: User, workspace: string | undefined): Promise<boolean> {
  const { reading } = user
  const after = workspace === undefined ? reading.next : reading.nextOf.get(workspace)
  if (after === undefined && (workspace === undefined || reading.nextOf.has(workspace))) return false
  const page = await user.context.adapter.list(user.userId, {
    limit: pageSize,
    ...(workspace !== undefined && { workspace }),
    ...(after !== undefined && { after }),
  })
  if (user.isGone) return false
  for (const row of page.sessions) adopt(user, row)
  if (workspace === undefined) reading.next = page.next
  else reading.nextOf.set(workspace, page.next)
  user.context.publish()
  return page.next !== undefined
}

/** Storage could not be read: the chat continues in memory, and all is read again later. */
function readFailed(user: User, cause: unknown): void {
  if (user.isGone) return
  const { reading, context } = user
  reading.error = storageError(context.adapter.name, cause)
  reading.cancelRetry?.()
  reading.cancelRetry = context.clock.setTimeout(() => void refresh(user), backoffMs(++reading.failures), {
    keepsAlive: false,
  })
  context.publish()
}

function readSucceeded(user: User): void {
  user.reading.error = undefined
  user.reading.failures = 0
  user.reading.cancelRetry?.()
  user.context.publish()
}

async function readOne(user: User, conversationId: string): Promise<void> {
  const before = user.entries.get(conversationId)?.stored
  const row = await readRow(user, conversationId)
  if (user.isGone || isHidden(user, conversationId)) return
  // Not there any more: removed, or cleared away with the whole storage.
  if (typeof row !== 'object')
    return row === 'newer-version' ? undefined : vanish(user, conversationId, row === 'removed')
  tellNews(user, row, before)
}

/** Whoever shows the conversation reads its messages again, unless it was our own save, which left none uncounted here. */
function tellNews(user: User, row: RankedSession, before: RankedSession | undefined): void {
  const { conversationId, messageCount, rank } = row
  // An answer that another try replaced is the same message: it counts nothing, but moves the conversation.
  const isOther = messageCount !== before?.messageCount || rank > before.rank
  const isNews = isOther && user.entries.get(conversationId)?.stored === row
  if (isNews && openIds(user).includes(conversationId))
    user.context.emit({ type: 'conversation-changed', conversationId })
}

function vanish(user: User, conversationId: string, isRemoved: boolean): void {
  const entry = user.entries.get(conversationId)
  const isOpen = openIds(user).includes(conversationId)
  if (isRemoved) {
    user.removedIds.add(conversationId)
    dropEntry(user, conversationId)
    if (entry?.unsent) user.refusal = refusalError({ conversationId, reason: 'removed' })
    if (isOpen) replaceLost(user, conversationId)
    if (isOpen || entry?.stored) user.context.emit({ type: 'conversation-lost', conversationId, reason: 'removed' })
    return
  }
  if (!entry || entry.unsent || !entry.stored) return // what is recorded and not saved begins it anew
  dropEntry(user, conversationId)
  if (!isOpen) return
  // The storage was cleared: what was cleared stays cleared, and what is said from now on begins the conversation anew.
  addNew(user, entry.workspace, conversationId, randomScope())
}
