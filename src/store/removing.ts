import { ignoreRejection, nowMs } from '../core/clock.js'
import { epochKey, keysWith, parseStorageKey, storageKey } from '../core/keys-and-ids.js'
import { sessionPages } from '../core/session-adapter.js'
import { storageError } from '../core/storage-error.js'
import type { StoreContext } from './context.js'
import { openPlace } from './current-conversation.js'
import { dropPointers, tryStorage } from './device-keys.js'
import type { Entry } from './entry.js'
import { adopt, dropEntry, isHidden } from './history.js'
import { deleteJournal, writeRemovals } from './journal.js'
import { replaceLost } from './opening.js'
import { announceChanged } from './other-tabs.js'
import { readAgain } from './reading.js'
import { saveAll } from './saving.js'
import { importOverKey } from './snapshot.js'
import { closeClaims } from './tab-claims.js'
import { endUser, signedOutError, type User } from './user.js'

/** How many sessions are looked at at once, and how many of a workspace stay in any case. */
const pageSize = 100
const minPerWorkspace = 10

/** Removes a conversation, at once or when it can no longer be undone. */
export function removeConversation(user: User, conversationId: string, undoMs: number): Promise<void> {
  // One that is gone already cannot be taken back.
  const isGone = user.removedIds.has(conversationId) && !user.removals.has(conversationId)
  user.removedIds.add(conversationId)
  const workspace = user.entries.get(conversationId)?.workspace
  user.removals.set(conversationId, {
    ...(workspace !== undefined && { workspace }),
    ...(undoMs > 0 && !isGone && { dueAt: nowMs(user.context.clock) + undoMs }),
  })
  if (user.context.browser.isHidden()) writeRemovals(user)
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
  const open = [...user.places].filter(([own]) => workspace === undefined || own === workspace)
  // Of one that was neither read nor begun here the workspace is a guess.
  const isIn = (entry: Entry) => entry.workspace === workspace && (entry.stored || entry.begins !== undefined)
  const cleared = [...user.entries.values()].filter((entry) => workspace === undefined || isIn(entry))
  const ids = cleared.map(({ conversationId }) => conversationId)
  user.reading.run++ // a list that is being read shows what is gone
  try {
    await removeRows(user, ids, async () => {
      user.context.publish()
      await adapter.clear(user.userId, workspace)
      // What may be on its way there, unanswered, needs a tombstone of its own: clearing finds no row of it.
      const sent = cleared.filter(({ unsent, stored }) => unsent || !stored).map(({ conversationId }) => conversationId)
      if (sent.length > 0) await adapter.remove(user.userId, sent)
    })
    deleteJournal(user, workspace === undefined ? undefined : new Set(ids))
    dropPointers(user, workspace)
    announceChanged(user, ids)
  } catch (cause) {
    throw storageError(adapter.name, cause)
  } finally {
    user.context.publish()
  }
  for (const [own, place] of open) {
    const id = openPlace(place)?.conversationId
    if (id !== undefined && user.places.get(own) === place) replaceLost(user, id)
  }
}

/** Keeps the number of rows on a device within its bound: the newest, and of each workspace at least ten. */
export async function removeOldest(user: User): Promise<readonly string[]> {
  const { adapter, maxConversations, keepsContent } = user.context
  const kept = new Map<string, number>()
  const removed: string[] = []
  let position = 0
  for await (const page of sessionPages(adapter, user.userId, pageSize)) {
    if (user.isGone) return []
    for (const row of page.sessions) {
      const { conversationId, workspace } = row
      if (!keepsContent) adopt(user, row) // which takes its texts out of storage
      const ofWorkspace = (kept.get(workspace) ?? 0) + 1
      kept.set(workspace, ofWorkspace)
      const isOpen = user.claims.has(conversationId) || user.openElsewhere.includes(conversationId)
      const isBeyond = adapter.place === 'device' && ++position > maxConversations && ofWorkspace > minPerWorkspace
      if (isBeyond && !isOpen) removed.push(conversationId)
    }
  }
  if (removed.length > 0) await removeRows(user, removed, () => adapter.remove(user.userId, removed))
  return removed
}

/** Hides the conversations while their rows are removed, so that what the adapter reports of it is not somebody else's removal. */
async function removeRows(user: User, ids: readonly string[], remove: () => Promise<void>): Promise<void> {
  const hidden = ids.filter((id) => !isHidden(user, id))
  for (const id of hidden) user.hiding.add(id)
  try {
    await remove()
    for (const id of ids) {
      user.removedIds.add(id)
      dropEntry(user, id)
    }
  } finally {
    for (const id of hidden) user.hiding.delete(id)
  }
}

/** Forgets the user on this device. Other tabs see another epoch. */
export async function forgetUser(context: StoreContext, user: User, epoch: string): Promise<void> {
  const { name, adapter } = context
  stopUser(user)
  tryStorage(context, 'localStorage', (own) => {
    // The epoch first: what another page writes from here on is not there.
    own.setItem(epochKey(name, user.userId), epoch)
    own.setItem(importOverKey(name), '1')
    own.removeItem(name)
    own.removeItem(storageKey(name, 'quarantine', name))
  })
  removeKeys(user, 'localStorage', kinds)
  await adapter.forget?.(user.userId, epoch)
}

/** The user signed out in another tab. */
export function forgetHere(context: StoreContext, user: User): void {
  stopUser(user)
  // What this tab saved before it heard of it: a device adapter removes what it meets of an older epoch.
  if (context.adapter.place === 'device') void ignoreRejection(context.adapter.list(user.userId, { limit: 1_000 }))
}

/** Also in this tab's own storage. What other tabs have there carries an epoch that is over. */
function stopUser(user: User): void {
  endUser(user, signedOutError())
  closeClaims(user)
  user.unsubscribe?.()
  removeKeys(user, 'sessionStorage', kinds)
}

/** What earlier pages kept before `persistContent: false`. */
export function dropTexts(user: User): void {
  for (const where of ['localStorage', 'sessionStorage'] as const) removeKeys(user, where, ['draft', 'unsent'])
}

/** What a store and a turn client keep of a user beside the rows. */
const kinds = ['pointer', 'left', 'journal', 'journaled', 'draft', 'unsent']

function removeKeys({ context, userId }: User, where: 'localStorage' | 'sessionStorage', of: readonly string[]): void {
  const { name } = context
  tryStorage(context, where, (storage) => {
    for (const key of keysWith(storage, `${name}/`)) {
      const [kind = '', owner = ''] = parseStorageKey(name, key)
      // An entry of the journal that could not be read is quarantined under its key.
      const isQuarantined = of === kinds && kind === 'quarantine' && parseStorageKey(name, owner)[1] === userId
      if ((owner === userId && of.includes(kind)) || isQuarantined) storage.removeItem(key)
    }
  })
}
