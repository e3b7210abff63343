import type { AdapterReport, Refusal, SessionAdapter } from '../../core/adapter.js'
import type { SessionChange } from '../../core/change.js'
import { isObject, readChange } from '../../core/checks.js'
import { readEpoch } from '../../core/epoch.js'
import { randomScope } from '../../core/hash.js'
import { parseJson } from '../../core/parse-json.js'
import { storageError } from '../../core/storage-error.js'
import { sessionOf } from '../../core/stored-row.js'
import type { WebStorage } from '../../core/web-storage.js'
import { changeSignal } from './change-signal.js'
import { createKeyIndex } from './key-index.js'
import { adapterKeys, allKeys } from './keys.js'
import { listParts } from './list-parts.js'
import { createParts } from './parts.js'
import { rowRemover } from './remove-rows.js'
import { createPartWriter } from './save-part.js'

/** Options of {@link localStorageAdapter}. */
export interface LocalStorageAdapterOptions {
  /** The prefix of all keys; `claude-session-storage` when omitted. */
  readonly name?: string
  /** The clock, in ms since the epoch. */
  readonly now?: () => number
  /** Where to store; the page's `localStorage` when omitted. May throw. */
  readonly storage?: () => WebStorage | null | undefined
  /** Where `storage`, `pageshow` and `resume` events arrive; the window when omitted. */
  readonly events?: EventTarget
}

/**
 * Keeps sessions in `localStorage`. Each store instance writes a key of its own per conversation, so tabs never overwrite each
 * other. Survives a clean close; the first write of a page is on disk within about 5 s in Chromium, later ones may wait up to a
 * minute, and a crash of the browser loses what is not. Use `dexieAdapter` if that matters.
 *
 * @example
 * ```ts
 * import { createSessionStore, localStorageAdapter } from 'leftoff'
 *
 * const store = createSessionStore({ adapter: localStorageAdapter({ name: 'my-app' }) })
 * ```
 */
export function localStorageAdapter({
  name = 'claude-session-storage',
  now = Date.now,
  storage: open = () => globalThis.localStorage,
  events = typeof addEventListener === 'function' ? globalThis : undefined,
}: LocalStorageAdapterOptions = {}): SessionAdapter {
  const keys = adapterKeys(name)
  const signal = changeSignal(name, events)
  const reporters = new Set<(report: AdapterReport) => void>()
  const listeners = new Set<(userId: string | undefined, conversationIds: readonly string[]) => void>()
  const parts = createParts(keys, (report) => {
    for (const reporter of [...reporters]) reporter(report)
  })
  const index = createKeyIndex(keys)
  const removeRows = rowRemover(keys, index, now)
  const writer = createPartWriter({ keys, parts, index, now, createAuthor: randomScope })
  /** Kept from the first use: after `window.close()` WebKit gives `null`, while the object that it gave before still writes. */
  let kept: WebStorage | undefined
  let stop: (() => void) | undefined

  function openStorage(): WebStorage {
    const storage = kept ?? open()
    if (!storage) throw new Error('There is no localStorage here.')
    kept = storage
    return storage
  }

  /** Runs at once, before the promise is returned: a save that begins while the page goes away is written. */
  async function use<T>(run: (storage: WebStorage) => T | Promise<T>): Promise<T> {
    try {
      const storage = openStorage()
      stop ??= listen()
      return await run(storage)
    } catch (cause) {
      throw storageError('localStorage', cause)
    }
  }

  function listen(): () => void {
    const offs = [signal.listen({ onKey, onWake: index.forget }), signal.onAnnounced(tellListeners)]
    return () => {
      for (const off of offs) off()
    }
  }

  /** Another page wrote. */
  function onKey(key: string | undefined): void {
    if (key === undefined) {
      index.forget()
      tellListeners(undefined, [])
      return
    }
    const part = keys.parsePart(key)
    const changed = part ?? keys.parseTombstone(key)
    if (!changed) return
    try {
      const storage = openStorage()
      index.changedElsewhere(storage, key)
      if (part && storage.getItem(key) === null) writer.onRemovedElsewhere(storage, key, epochOf(storage, part.userId))
    } catch {
      index.forget() // what the next call finds out it says
    }
    tellListeners(changed.userId, [changed.conversationId])
  }

  function tellListeners(userId: string | undefined, conversationIds: readonly string[]): void {
    for (const listener of [...listeners]) listener(userId, conversationIds)
  }

  const epochOf = (storage: WebStorage, userId: string) => readEpoch(storage.getItem(keys.epoch(userId)))

  function saveOne(storage: WebStorage, change: SessionChange): Refusal['reason'] | undefined {
    const checked = readChange(change, now())
    if (!checked.ok) return 'invalid'
    const { userId, epoch } = checked.value
    const stored = epochOf(storage, userId)
    if (stored === '' && epoch !== '') storage.setItem(keys.epoch(userId), epoch)
    else if (stored !== epoch) return 'signed-out'
    return writer.save(storage, checked.value)
  }

  return {
    name: 'localStorage',
    place: 'device',
    durability: 'best-effort',

    list: (userId, query) =>
      use((storage) => {
        const epoch = epochOf(storage, userId)
        return listParts(
          {
            storage,
            conversations: index.conversationsOf(storage, userId),
            read: (conversation) =>
              parts.readConversation(storage, conversation, epoch, (key) => index.removed(storage, key)),
            isRemoved: (id) => storage.getItem(keys.tombstone(userId, id)) !== null,
          },
          query,
        )
      }),

    get: (userId, conversationId) =>
      use((storage) => {
        if (storage.getItem(keys.tombstone(userId, conversationId)) !== null) return 'removed'
        const conversation = index.find(storage, userId, conversationId)
        const found =
          conversation &&
          parts.readConversation(storage, conversation, epochOf(storage, userId), (key) => index.removed(storage, key))
        return found && found !== 'newer-version' ? sessionOf(found.row) : found
      }),

    save: (changes) =>
      use((storage) => {
        const refusals: Refusal[] = []
        for (const change of changes) {
          const { userId, conversationId } = change
          const reason = saveOne(storage, change)
          if (reason) refusals.push({ conversationId, reason })
          else signal.announce(userId, [conversationId])
        }
        return refusals
      }),

    remove: (userId, conversationIds) =>
      use((storage) => {
        if (conversationIds.length === 0) return
        index.forget()
        removeRows(storage, userId, conversationIds)
        signal.announce(userId, conversationIds)
      }),

    clear: (userId, workspace) =>
      use((storage) => {
        index.forget()
        const conversations = [...index.conversationsOf(storage, userId)]
        const found = conversations.filter(([, one]) => workspace === undefined || one.workspace === workspace)
        const ids = found.map(([id]) => id)
        removeRows(storage, userId, ids)
        signal.announce(userId, ids)
      }),

    epochOf: (userId) => use((storage) => epochOf(storage, userId)),

    forget: (userId, nextEpoch) =>
      use((storage) => {
        // The epoch first: what another tab writes from here on is not there.
        storage.setItem(keys.epoch(userId), nextEpoch)
        for (const key of allKeys(storage)) {
          if (!keys.isOfUser(key, userId)) continue
          const value = parseJson(storage.getItem(key) ?? '')
          if (!isObject(value) || value.epoch !== nextEpoch) storage.removeItem(key)
        }
        index.forget()
        parts.forget()
        writer.forget()
        signal.announce(userId, [])
      }),

    subscribe(userId, listener) {
      const own = (ofUser: string | undefined, conversationIds: readonly string[]): void => {
        if (ofUser === undefined || ofUser === userId) listener(conversationIds)
      }
      listeners.add(own)
      stop ??= listen()
      return () => listeners.delete(own)
    },

    onReport(listener) {
      const own = (report: AdapterReport): void => listener(report)
      reporters.add(own)
      return () => reporters.delete(own)
    },

    async close() {
      stop?.()
      stop = undefined
      listeners.clear()
      reporters.clear()
    },
  }
}
