import { nowMs } from '../core/clock.js'
import { createId, epochKey, randomScope } from '../core/keys-and-ids.js'
import type { LifecycleEvent } from './browser.js'
import { openIds, placeIn } from './current-conversation.js'
import { localEpoch, readPointer, stampLeaving, takeLeftStamp, tryStorage, writePointer } from './device-keys.js'
import { withScope } from './entry.js'
import { addNew, isHidden, isUntouched, putEntry, recordIn } from './history.js'
import { readJournal, writeJournal } from './journal.js'
import { lookElsewhere } from './other-tabs.js'
import { readAgain, refresh } from './reading.js'
import { dropTexts, removeOldest } from './removing.js'
import { saveAll, sendBeforeLeaving } from './saving.js'
import { closeClaims, openClaimChannel, stopWatching } from './tab-claims.js'
import { endUser, type User } from './user.js'
import { askAgain } from './watching.js'

/** How long after opening a page looks whether the device keeps too many conversations. */
const tidyAfterMs = 10_000

/** Begins to work for the user: what must have happened before anything is opened. */
export async function startUser(user: User): Promise<void> {
  // Not when the store is made: Next.js refuses what is random in a page that it renders in advance.
  user.pageId = createId()
  beginScope(user)
  const { adapter, clock, keepsContent, legacy } = user.context
  user.hasLeftStamp = takeLeftStamp(user)
  openClaimChannel(user)
  user.unsubscribe = adapter.subscribe?.(user.userId, (ids) => void readAgain(user, ids))
  await readEpoch(user)
  await user.claiming
  if (user.isGone) return
  // An opening looks itself, once it has a claim.
  if (user.openings.size === 0) lookElsewhere(user)
  readJournal(user)
  if (user.replays.size > 0) await saveAll(user).catch(() => {}) // retried with the rest
  if (!user.isGone) await legacy?.(user)
  if (!keepsContent) dropTexts(user)
  if ((adapter.place === 'device' || !keepsContent) && !user.hasLeft) {
    const cancel = clock.setTimeout(() => void tidy(user), tidyAfterMs, { keepsAlive: false })
    void user.ended.promise.then(cancel)
  }
}

/** Whether the user is still the one this page opened with, as far as localStorage says. */
export function isSignedIn(user: User): boolean {
  const stored = localEpoch(user.context, user.userId)
  return user.signedOutElsewhere !== 'refused' && (stored === undefined || stored === user.epoch)
}

/** What happens to the page. */
export function onLifecycle(user: User, event: LifecycleEvent): void {
  if (event === 'hidden') onHidden(user)
  else if (event === 'visible') onVisible(user)
  else if (event === 'pagehide') onPageHide(user)
  else if (event === 'pageshow') onPageShow(user)
  else if (event === 'freeze') stopWatching(user)
  else void askAgain(user, { wasFrozen: true }).then(() => refresh(user))
}

/** The page is hidden: it may never be seen again. */
function onHidden(user: User): void {
  writePointers(user)
  writeJournal(user)
  user.context.drafts?.share(user)
  void saveAll(user)
}

/** The page goes away. It may come back from the back/forward cache, so nothing ends. */
function onPageHide(user: User): void {
  settleWaiting(user)
  for (const [id, { dueAt: _, ...removal }] of user.removals) user.removals.set(id, removal) // what could be undone is final now
  writeJournal(user)
  user.context.drafts?.share(user)
  sendBeforeLeaving(user)
  stamp(user)
  closeClaims(user)
}

/** The page comes back from the back/forward cache. */
function onPageShow(user: User): void {
  user.hasLeftStamp = takeLeftStamp(user)
  beginScope(user)
  openClaimChannel(user)
  void askAgain(user, { wasFrozen: false }).then(() => refresh(user))
}

/** The page is seen again. */
function onVisible(user: User): void {
  lookElsewhere(user)
  if (user.saving.error) void saveAll(user)
  // Also where the adapter says what changed: Firefox sends no storage event for what a page writes as another one begins to listen.
  void refresh(user)
}

/** The app moves on: claims are given back first, then what is left is saved. Rejects if that fails; then it is in the journal. */
export async function leaveUser(user: User, why: Parameters<typeof endUser>[1]): Promise<void> {
  if (user.hasLeft) return
  user.hasLeft = true
  settleWaiting(user)
  if (user.started) stamp(user)
  closeClaims(user)
  user.unsubscribe?.()
  user.context.drafts?.share(user)
  writeJournal(user)
  user.ended.resolve(why)
  try {
    await saveAll(user)
  } finally {
    endUser(user, why)
  }
}

/** Takes over the database's epoch, or carries out a sign-out that could not reach it. */
export async function readEpoch(user: User): Promise<void> {
  const { adapter, name } = user.context
  const stored = await adapter.epochOf?.(user.userId).catch(() => undefined)
  if (stored === user.epoch || user.isGone) return
  // A sign-out that could not reach the database is carried out now, or the database was cleared.
  if (stored === '') return adapter.forget?.(user.userId, user.epoch).catch(() => {})
  if (!stored) return
  // The database's wins; localStorage may have been cleared.
  user.epoch = stored
  tryStorage(user.context, 'localStorage', (storage) => storage.setItem(epochKey(name, user.userId), stored))
}

async function tidy(user: User): Promise<void> {
  const isAllKnown = user.reading.next === undefined && user.entries.size <= user.context.maxConversations
  if (user.hasLeft || (isAllKnown && user.context.keepsContent)) return
  const removed = await removeOldest(user).catch(() => []) // another page tries again
  if (removed.length === 0 || user.isGone) return
  user.context.emit({ type: 'conversations-expired', conversationIds: removed })
  user.context.publish()
}

/** What was recorded before a conversation was open, and cannot wait: under the pointer, else as a new conversation with one. */
function settleWaiting(user: User): void {
  const waiting = user.waiting
  user.waiting = []
  for (const { workspace = user.wantedWorkspace ?? user.context.defaultWorkspace, recorded } of waiting) {
    if (workspace === undefined) continue
    const known = [placeIn(user, workspace), readPointer(user, workspace)].map((place) => place?.conversationId)
    const conversationId = known.find((id) => id !== undefined && !isHidden(user, id)) ?? user.context.createId()
    addNew(user, workspace, conversationId)
    writePointer(user, workspace, conversationId)
    recordIn(user, conversationId, workspace, recorded)
  }
}

/** Another page may have taken a conversation since it was opened, or given it to this one. */
function writePointers(user: User): void {
  for (const workspace of user.places.keys()) {
    const place = placeIn(user, workspace)
    if (place) writePointer(user, workspace, place.conversationId)
  }
}

function stamp(user: User): void {
  writePointers(user)
  const used = openIds(user).filter((id) => user.entries.get(id)?.stored || !isUntouched(user, id))
  stampLeaving(user, used, nowMs(user.context.clock))
}

/** What has nothing unsent counts anew: after the back/forward cache other pages may have recorded more than rows remember. */
function beginScope(user: User): void {
  user.scope = randomScope()
  for (const [id, entry] of user.entries) {
    if (!user.unsent.has(id)) putEntry(user, withScope(entry, user.scope))
  }
}
