import { isObject, parseJson, readEpoch } from '../core/checks.js'
import { epochKey, keysWith, storageKey } from '../core/keys-and-ids.js'
import type { WebStorage } from '../core/web-storage.js'
import type { Browser } from './browser.js'
import type { StoreContext } from './context.js'
import { placeIn } from './current-conversation.js'
import type { User } from './user.js'

/** How long a page that left a conversation has to come back before another tab opens it. */
export const graceMs = 250

function pointerKey({ context, userId }: User, workspace: string): string {
  return storageKey(context.name, 'pointer', userId, workspace, context.panel)
}

/** Which conversation this tab had in a workspace. */
export interface Pointer {
  readonly conversationId: string
  /** It was another page's: a page that reloads asks only for its own back. */
  readonly isWatched: boolean
}

/** What this tab had in the workspace. A hint, never proof: a copied tab carries a copy of it. */
export function readPointer(user: User, workspace: string): Pointer | undefined {
  return tryStorage(user.context, 'sessionStorage', (storage) => {
    const key = pointerKey(user, workspace)
    const value = parseJson(storage.getItem(key) ?? '')
    if (!isObject(value) || typeof value.conversationId !== 'string' || value.conversationId === '') return undefined
    const { conversationId, isWatched } = value
    if (value.epoch === user.epoch) return { conversationId, isWatched: isWatched === true }
    storage.removeItem(key) // of a sign-in that ended
    return undefined
  })
}

export function writePointer(user: User, workspace: string, conversationId: string): void {
  const place = placeIn(user, workspace)
  const isWatched = place?.conversationId === conversationId && place.state === 'watching'
  const text = JSON.stringify({ conversationId, epoch: user.epoch, ...(isWatched && { isWatched }) })
  tryStorage(user.context, 'sessionStorage', (storage) => storage.setItem(pointerKey(user, workspace), text))
}

/** Forgets which conversation this tab had in the workspace, or in all. */
export function dropPointers(user: User, workspace?: string): void {
  tryStorage(user.context, 'sessionStorage', (storage) => {
    const prefix = `${storageKey(user.context.name, 'pointer', user.userId)}/`
    for (const key of keysWith(storage, prefix)) {
      if (workspace === undefined || key === pointerKey(user, workspace)) storage.removeItem(key)
    }
  })
}

/** Marks that this page leaves its conversations in order, for the next page of this tab and for other tabs. */
export function stampLeaving(user: User, conversationIds: readonly string[], now: number): void {
  tryStorage(user.context, 'sessionStorage', (storage) => storage.setItem(leftKey(user), '1'))
  if (conversationIds.length === 0) return
  tryStorage(user.context, 'localStorage', (storage) =>
    storage.setItem(
      storageKey(user.context.name, 'left', user.userId),
      JSON.stringify({ at: now, ids: conversationIds }),
    ),
  )
}

/** Whether the last page of this tab left in order. Read once: a copy of the tab has no stamp. */
export function takeLeftStamp(user: User): boolean {
  const wasLeft = tryStorage(user.context, 'sessionStorage', (storage) => {
    const key = leftKey(user)
    const stamp = storage.getItem(key)
    if (stamp !== null) storage.removeItem(key)
    return stamp !== null
  })
  return wasLeft === true || user.context.browser.wasDiscarded()
}

/** How many ms the page that left the conversation last has to come back. */
export function msToComeBack(user: User, conversationId: string, now: number): number {
  return (
    tryStorage(user.context, 'localStorage', (storage) => {
      const value = parseJson(storage.getItem(storageKey(user.context.name, 'left', user.userId)) ?? '')
      if (!isObject(value) || typeof value.at !== 'number' || !Array.isArray(value.ids)) return 0
      const passed = now - value.at
      return value.ids.includes(conversationId) && passed >= 0 && passed < graceMs ? graceMs - passed : 0
    }) ?? 0
  )
}

function leftKey({ context, userId }: User): string {
  return storageKey(context.name, 'left', userId, context.panel)
}

/** The epoch in localStorage, if there is one. */
export function localEpoch(context: StoreContext, userId: string): string | undefined {
  const stored = tryStorage(context, 'localStorage', (storage) => storage.getItem(epochKey(context.name, userId)))
  return readEpoch(stored) || undefined
}

/** Uses a storage that the page can do without: `undefined` where it is missing, full or blocked. */
export function tryStorage<T>(
  context: Pick<StoreContext, 'storage'>,
  kind: 'localStorage' | 'sessionStorage',
  use: (storage: WebStorage) => T,
): T | undefined {
  try {
    const storage = context.storage(kind)
    return storage && use(storage)
  } catch {
    return undefined
  }
}

/**
 * The page's storages, each kept from the first use: after `window.close()` WebKit gives `null`, while the object that it gave
 * before still writes.
 */
export function pageStorage(browser: Browser): (kind: 'localStorage' | 'sessionStorage') => WebStorage | undefined {
  const kept = new Map<string, WebStorage>()
  return (kind) => {
    const storage = kept.get(kind) ?? browser.storage(kind)
    if (storage) kept.set(kind, storage)
    return storage ?? undefined
  }
}
