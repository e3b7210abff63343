import { isObject, parseJson, readChange } from '../core/checks.js'
import { nowMs } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'
import { keysWith, parseStorageKey, storageKey } from '../core/keys-and-ids.js'
import type { WebStorage } from '../core/web-storage.js'
import { tryStorage } from './device-keys.js'
import { changeOf } from './entry.js'
import { dueEntries } from './history.js'
import type { Replay, User } from './user.js'

/**
 * What storage has not acknowledged when a page is hidden or left, in localStorage: an IndexedDB write or a request that begins
 * then may be lost. A key per user, conversation and page; the value is a change, so sending it again does no harm.
 */
function journalKey({ context, userId, pageId }: User, conversationId: string): string {
  return storageKey(context.name, 'journal', userId, conversationId, pageId)
}

/** Set with the first entry of the user on this device: until then no page looks through all keys for entries. */
function usedKey({ context, userId }: User): string {
  return storageKey(context.name, 'journaled', userId)
}

/** Writes what is not acknowledged. Synchronous, for a page that goes away. */
export function writeJournal(user: User): void {
  if (user.isGone) return
  writeRemovals(user)
  if (user.context.adapter.durability !== 'committed') return
  tryStorage(user.context, 'localStorage', (storage) => {
    for (const entry of dueEntries(user)) {
      write(user, storage, entry.conversationId, changeOf(entry, user.epoch))
    }
  })
}

/** Removals go into the journal for every adapter: what a person may still undo is carried out by a later page. */
export function writeRemovals(user: User): void {
  tryStorage(user.context, 'localStorage', (storage) => {
    for (const [conversationId, removal] of user.removals) {
      write(user, storage, conversationId, { removed: true, epoch: user.epoch, ...removal })
    }
  })
}

function write(user: User, storage: WebStorage, conversationId: string, value: object): void {
  if (storage.getItem(usedKey(user)) === null) storage.setItem(usedKey(user), '1')
  storage.setItem(journalKey(user, conversationId), JSON.stringify(value))
}

/** Storage has all of the conversation, or will never take it. */
export function settleJournal(user: User, conversationId: string): void {
  tryStorage(user.context, 'localStorage', (storage) => storage.removeItem(journalKey(user, conversationId)))
}

/** A replay was answered. Its key goes only if its text is still what was sent: its page may have come back and written more. */
export function settleReplay(user: User, { key, text }: Replay): void {
  user.replays.delete(key)
  tryStorage(user.context, 'localStorage', (storage) => {
    if (storage.getItem(key) === text) storage.removeItem(key)
  })
}

/** Deletes the entries of all pages about these conversations, or about all of the user's. */
export function deleteJournal(user: User, conversationIds?: ReadonlySet<string>): void {
  for (const [key, { conversationId }] of user.replays) {
    if (!conversationIds || conversationIds.has(conversationId)) user.replays.delete(key)
  }
  tryStorage(user.context, 'localStorage', (storage) => {
    for (const key of keysOf(user, storage)) {
      if (!conversationIds || conversationIds.has(conversationOf(user, key))) storage.removeItem(key)
    }
  })
}

/** What earlier pages left. Entries of another epoch are removed; one that cannot be read is quarantined and reported. */
export function readJournal(user: User): void {
  tryStorage(user.context, 'localStorage', (storage) => {
    for (const key of keysOf(user, storage)) {
      const conversationId = conversationOf(user, key)
      const text = storage.getItem(key)
      if (text === null || key === journalKey(user, conversationId)) continue
      const found = readEntry(user, conversationId, parseJson(text))
      if (!found) {
        storage.setItem(storageKey(user.context.name, 'quarantine', key), text)
        storage.removeItem(key)
        user.context.emit({ type: 'row-quarantined', error: unreadable(conversationId) })
      } else if (found.epoch !== user.epoch) storage.removeItem(key)
      else user.replays.set(key, { key, text, conversationId, ...found.replay })
    }
  })
}

function readEntry(
  user: User,
  conversationId: string,
  value: unknown,
): { readonly epoch: string; readonly replay: Pick<Replay, 'change' | 'workspace' | 'dueAt'> } | undefined {
  if (isObject(value) && value.removed === true) {
    const { dueAt, epoch, workspace } = value
    const replay = {
      ...(typeof dueAt === 'number' && { dueAt }),
      ...(typeof workspace === 'string' && { workspace }),
    }
    return { epoch: typeof epoch === 'string' ? epoch : '', replay }
  }
  const change = readChange(value, nowMs(user.context.clock))
  if (!change.ok || change.value.userId !== user.userId || change.value.conversationId !== conversationId)
    return undefined
  return { epoch: change.value.epoch, replay: { change: change.value } }
}

function keysOf(user: User, storage: WebStorage): readonly string[] {
  if (storage.getItem(usedKey(user)) === null) return []
  return keysWith(storage, `${storageKey(user.context.name, 'journal', user.userId)}/`)
}

function conversationOf({ context }: User, key: string): string {
  const [, , conversationId = ''] = parseStorageKey(context.name, key)
  return conversationId
}

function unreadable(conversationId: string): LeftoffError {
  return new LeftoffError(
    'invalid-session',
    `Unsaved changes of conversation ${conversationId} could not be read. Their bytes were moved to a key of their own.`,
  )
}
