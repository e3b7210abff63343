import { epochKey } from '../core/epoch.js'
import { randomScope } from '../core/hash.js'
import { storageError } from '../core/storage-error.js'
import { storageKey, type WebStorage } from '../core/web-storage.js'
import { announceChanged, closeClaims, lookElsewhere, openClaimChannel } from './claims.js'
import { dropPointers, keysWith, readPointer, stampLeaving, takeLeftStamp, writePointer } from './device-keys.js'
import { withScope } from './entry.js'
import { addNew, dropEntry, isUntouched, putEntry, recordIn } from './history.js'
import { deleteJournal, readJournal, writeJournal, writeRemovals } from './journal.js'
import { openIds, placeIn } from './places.js'
import { readAgain, refresh, removeOldest } from './reading.js'
import { saveAll, sendBeforeLeaving } from './saving.js'
import { importOverKey, legacyBlob } from './snapshot.js'
import { endUser, localEpoch, nowMs, type StoreContext, signedOutError, tryStorage, type User } from './user.js'
import { askAgain, stopWatching } from './watching.js'

/** How long after opening a page looks whether the device keeps too many conversations. */
const tidyAfterMs = 10_000

/** Begins to work for the user: what must have happened before anything is opened. */
export function startUser(user: User): void {
  user.started ??= start(user)
}

async function start(user: User): Promise<void> {
  const { adapter, clock, keepsContent } = user.context
  user.hasLeftStamp = takeLeftStamp(user)
  openClaimChannel(user)
  lookElsewhere(user)
  user.unsubscribe = adapter.subscribe?.(user.userId, (ids) => void readAgain(user, ids))
  await readEpoch(user)
  if (user.isGone) return
  const { replays, errors } = readJournal(user)
  for (const replay of replays) user.replays.set(replay.key, replay)
  for (const error of errors) user.context.emit({ type: 'row-quarantined', error })
  if (replays.length > 0) await saveAll(user).catch(() => {}) // retried with the rest
  if (!user.isGone) await importBlob(user)
  if (!keepsContent) dropDrafts(user)
  if ((adapter.place === 'device' || !keepsContent) && !user.hasLeft) {
    const cancel = clock.setTimeout(() => void tidy(user), tidyAfterMs, { keepsAlive: false })
    void user.ended.promise.then(cancel)
  }
}

/** Whether the user is still the one this page opened with, as far as localStorage says. */
export function isSignedIn(user: User): boolean {
  const stored = localEpoch(user.context, user.userId)
  return !user.isSignedOutElsewhere && (stored === undefined || stored === user.epoch)
}

/** The page is hidden: it may never be seen again. */
export function onHidden(user: User): void {
  writeJournal(user, { isLeaving: false })
  user.context.drafts?.share(user)
  void saveAll(user)
}

/** The page goes away. It may come back from the back/forward cache, so nothing ends. */
export function onPageHide(user: User): void {
  settleWaiting(user)
  for (const id of user.removals.keys()) user.removals.set(id, {}) // what could be undone is final now
  writeJournal(user, { isLeaving: true })
  user.context.drafts?.share(user)
  sendBeforeLeaving(user)
  stamp(user)
  stopWatching(user)
  closeClaims(user)
}

/** The page comes back from the back/forward cache. */
export function onPageShow(user: User): void {
  user.hasLeftStamp = takeLeftStamp(user)
  beginScope(user)
  openClaimChannel(user)
  void askAgain(user).then(() => refresh(user))
}

/** The page was frozen. */
export function onResume(user: User): void {
  void askAgain(user).then(() => refresh(user))
}

/** The page is seen again. */
export function onVisible(user: User): void {
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
  stopWatching(user)
  closeClaims(user)
  user.unsubscribe?.()
  user.context.drafts?.share(user)
  writeJournal(user, { isLeaving: false })
  user.ended.resolve(why)
  try {
    await saveAll(user)
  } finally {
    endUser(user, why)
  }
}

/** What earlier pages kept before `persistContent: false`. */
function dropDrafts({ context, userId }: User): void {
  for (const kind of ['localStorage', 'sessionStorage'] as const) {
    tryStorage(context, kind, (storage) => {
      for (const key of keysWith(storage, `${storageKey(context.name, 'draft', userId)}/`)) storage.removeItem(key)
    })
  }
}

/** Forgets the user on this device. Other tabs see another epoch. */
export async function forgetUser(context: StoreContext, user: User, epoch: string): Promise<void> {
  endUser(user, signedOutError())
  stopWatching(user)
  closeClaims(user)
  user.unsubscribe?.()
  forgetDevice(context, user.userId, epoch)
  forgetTab(context, user.userId)
  await context.adapter.forget?.(user.userId, epoch)
}

/** Removes a conversation, at once or when it can no longer be undone. */
export function removeConversation(user: User, conversationId: string, undoMs: number): Promise<void> {
  user.removedIds.add(conversationId)
  user.removals.set(conversationId, undoMs > 0 ? { dueAt: nowMs(user) + undoMs } : {})
  if (user.context.browser.isHidden()) writeRemovals(user, { isLeaving: false })
  const isPending = () => undoMs === 0 && user.removals.has(conversationId)
  return saveAll(user).then(
    async () => {
      if (user.isGone && isPending()) throw await user.ended.promise
    },
    (error: unknown) => {
      // That something else could not be saved is not this caller's failure.
      if (isPending()) throw error
    },
  )
}

/** Takes a removal back that was not carried out. */
export function restoreConversation(user: User, conversationId: string): boolean {
  if (user.removals.get(conversationId)?.dueAt === undefined) return false
  user.removals.delete(conversationId)
  user.removedIds.delete(conversationId)
  deleteJournal(user, new Set([conversationId]))
  void readAgain(user, [conversationId])
  return true
}

/** Removes all conversations of a workspace, or all. If that fails nothing is removed. */
export async function clearConversations(user: User, workspace: string | undefined): Promise<void> {
  const { adapter } = user.context
  const cleared = [...user.entries.values()].filter((entry) => workspace === undefined || entry.workspace === workspace)
  const ids = new Set(cleared.map(({ conversationId }) => conversationId))
  for (const id of ids) user.clearing.add(id)
  user.reading.run++ // a list that is being read shows what is gone
  user.context.publish()
  try {
    await adapter.clear(user.userId, workspace)
    // What may be on its way there, unanswered, needs a tombstone of its own: clearing finds no row of it.
    const sent = cleared.filter(({ unsent, stored }) => unsent || !stored).map(({ conversationId }) => conversationId)
    if (sent.length > 0) await adapter.remove(user.userId, sent)
    deleteJournal(user, workspace === undefined ? undefined : ids)
    for (const id of ids) {
      dropEntry(user, id)
      user.removedIds.add(id)
    }
    dropPointers(user, workspace)
    announceChanged(user, [...ids])
  } catch (cause) {
    throw storageError(adapter.name, cause)
  } finally {
    for (const id of ids) user.clearing.delete(id)
    user.context.publish()
  }
}

async function readEpoch(user: User): Promise<void> {
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

/** Row first: the blob may be replaced by the snapshot only once its sessions are stored. */
async function importBlob(user: User): Promise<void> {
  const { adapter, legacy, emit, name, keepsContent } = user.context
  const blob = legacyBlob(user)
  if (blob === undefined || !legacy) return
  const { changes, current, errors } = legacy(blob, user.userId, nowMs(user))
  try {
    const own = changes.map((change) => ({ ...change, epoch: user.epoch }))
    if (own.length > 0) await adapter.save(own)
  } catch {
    return // tried again at the next opening
  }
  if (user.isGone) return
  if (errors.length > 0 && keepsContent) {
    tryStorage(user.context, 'localStorage', (storage) => storage.setItem(storageKey(name, 'quarantine', name), blob))
  }
  for (const error of errors) emit({ type: 'row-quarantined', error })
  user.importedBlob = blob
  if (current && readPointer(user, current.workspace) === undefined) {
    writePointer(user, current.workspace, current.conversationId)
  }
}

async function tidy(user: User): Promise<void> {
  const isAllKnown = user.next.all === undefined && user.entries.size <= user.context.maxConversations
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
    const shown = placeIn(user, workspace)?.conversationId
    const conversationId = shown ?? readPointer(user, workspace) ?? user.context.createId()
    addNew(user, workspace, conversationId)
    writePointer(user, workspace, conversationId)
    recordIn(user, conversationId, workspace, recorded)
  }
}

function stamp(user: User): void {
  const used = openIds(user).filter((id) => user.entries.get(id)?.stored || !isUntouched(user, id))
  stampLeaving(user, used, nowMs(user))
}

/** After the back/forward cache other pages may have recorded more than rows remember: what has nothing unsent counts anew. */
function beginScope(user: User): void {
  user.scope = randomScope()
  for (const [id, entry] of user.entries) {
    if (!user.unsent.has(id)) putEntry(user, withScope(entry, user.scope))
  }
}

/** The user's keys in this tab's own storage. Those of other tabs carry an epoch that is over. */
export function forgetTab(context: StoreContext, userId: string): void {
  tryStorage(context, 'sessionStorage', (own) => removeKeys(own, context.name, userId))
}

function forgetDevice(context: StoreContext, userId: string, epoch: string): void {
  const { name } = context
  tryStorage(context, 'localStorage', (own) => {
    // The epoch first: what another page writes from here on is not there.
    own.setItem(epochKey(name, userId), epoch)
    own.setItem(importOverKey(name), '1')
    own.removeItem(name)
    own.removeItem(storageKey(name, 'quarantine', name))
    removeKeys(own, name, userId)
  })
}

function removeKeys(storage: WebStorage, name: string, userId: string): void {
  const ofUser = ['pointer', 'left', 'journal', 'draft'].map((kind) => storageKey(name, kind, userId))
  const quarantined = storageKey(name, 'quarantine', `${storageKey(name, 'journal', userId)}/`)
  for (const key of keysWith(storage, `${name}/`)) {
    const isOfUser = ofUser.some((prefix) => key === prefix || key.startsWith(`${prefix}/`))
    if (isOfUser || key.startsWith(quarantined)) storage.removeItem(key)
  }
}
