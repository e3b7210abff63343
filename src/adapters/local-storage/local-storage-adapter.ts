import type { SessionChange } from '../../core/apply-change.js'
import { isObject, parseJson, readChange, readEpoch } from '../../core/checks.js'
import { epochKey, keysWith, parseStorageKey, storageKey } from '../../core/keys-and-ids.js'
import type { AdapterReport, Refusal, SessionAdapter } from '../../core/session-adapter.js'
import { storageError } from '../../core/storage-error.js'
import { sessionOf } from '../../core/stored-row.js'
import type { WebStorage } from '../../core/web-storage.js'
import { partWriter } from './save-parts.js'
import { type StoredParts, storedParts } from './stored-parts.js'

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
  const reporters = new Set<(report: AdapterReport) => void>()
  const listeners = new Set<(userId: string | undefined, conversationIds: readonly string[]) => void>()
  /** Tells the other handles of this page: `storage` is not sent to the page that wrote. */
  const changedEvent = `${name}/changed`
  /** Kept from the first use: after `window.close()` WebKit gives `null`, while the object that it gave before still writes. */
  let opened: Opened | undefined
  let stop: AbortController | undefined

  function openParts(): Opened {
    if (opened) return opened
    const storage = open()
    if (!storage) throw new Error('There is no localStorage here.')
    const parts = storedParts(name, storage, (report) => {
      for (const reporter of [...reporters]) reporter(report)
    })
    opened = { storage, parts, writer: partWriter(parts, now) }
    return opened
  }

  /** Runs at once, before the promise is returned: a save that begins while the page goes away is written. */
  async function use<T>(run: (own: Opened) => T | Promise<T>): Promise<T> {
    try {
      const own = openParts()
      listen()
      return await run(own)
    } catch (cause) {
      throw storageError('localStorage', cause)
    }
  }

  function listen(): void {
    if (stop) return
    stop = new AbortController()
    const options = { capture: true, signal: stop.signal }
    events?.addEventListener('storage', onStorage, options)
    events?.addEventListener(changedEvent, onChanged, options)
    // `resume` is sent to the document and does not bubble.
    for (const wake of ['pageshow', 'resume']) events?.addEventListener(wake, onWake, options)
  }

  /** The page was in the back/forward cache or frozen, and heard of nothing. `pageshow` is also sent to one that was just loaded. */
  function onWake(event: Event): void {
    if ((event as Partial<PageTransitionEvent>).persisted !== false) opened?.parts.forgetKeys()
  }

  /** Another page wrote or removed a key, and the new bytes can be read; or it cleared the whole storage. */
  function onStorage(event: Event): void {
    const key = 'key' in event ? event.key : undefined
    if (key === null) {
      opened?.parts.forgetKeys()
      tellListeners(undefined, [])
    }
    if (typeof key !== 'string') return
    const [kind, userId = '', ...names] = parseStorageKey(name, key)
    const conversationId = names[kind === 'part' ? 1 : 0]
    if ((kind !== 'part' && kind !== 'removed') || conversationId === undefined) return
    try {
      const { storage, parts, writer } = openParts()
      const isThere = storage.getItem(key) !== null
      parts.noteKey(key, isThere)
      if (!isThere) writer.onRemovedElsewhere(key, epochOf(storage, userId))
    } catch {
      opened?.parts.forgetKeys() // what the next call finds out it says
    }
    tellListeners(userId, [conversationId])
  }

  function onChanged(event: Event): void {
    // Only `announce` sends events of this name.
    const { detail } = event as CustomEvent<{ userId: string; conversationIds: readonly string[] }>
    tellListeners(detail.userId, detail.conversationIds)
  }

  function announce(userId: string, conversationIds: readonly string[]): void {
    events?.dispatchEvent(new CustomEvent(changedEvent, { detail: { userId, conversationIds } }))
  }

  function tellListeners(userId: string | undefined, conversationIds: readonly string[]): void {
    for (const listener of [...listeners]) listener(userId, conversationIds)
  }

  const epochOf = (storage: WebStorage, userId: string) => readEpoch(storage.getItem(epochKey(name, userId)))

  function saveOne({ storage, writer }: Opened, change: SessionChange): Refusal['reason'] | undefined {
    const checked = readChange(change, now())
    if (!checked.ok) return 'invalid'
    const { userId, epoch } = checked.value
    const stored = epochOf(storage, userId)
    if (stored === '' && epoch !== '') storage.setItem(epochKey(name, userId), epoch)
    else if (stored !== epoch) return 'signed-out'
    return writer.save(checked.value)
  }

  function removeRows({ storage, parts }: Opened, userId: string, conversationIds: readonly string[]): void {
    for (const id of conversationIds) {
      const tombstone = parts.tombstone(userId, id)
      const keys = [...(parts.find(userId, id, false) ?? [])]
      // Before the row goes: other pages get each write as an event of its own, and without it the row would look cleared away.
      try {
        storage.setItem(tombstone, String(now()))
      } catch {
        for (const key of keys) parts.removeKey(key) // makes room
        storage.setItem(tombstone, String(now()))
      }
      for (const key of keys) parts.removeKey(key)
      parts.noteKey(tombstone, true)
    }
    for (const key of keysWith(storage, `${storageKey(name, 'removed')}/`)) {
      if (Number(storage.getItem(key)) < now() - tombstoneMs) parts.removeKey(key)
    }
    announce(userId, conversationIds)
  }

  return {
    name: 'localStorage',
    place: 'device',
    durability: 'best-effort',

    list: (userId, query) => use(({ storage, parts }) => parts.list(userId, epochOf(storage, userId), query)),

    get: (userId, conversationId) =>
      use(({ storage, parts }) => {
        if (storage.getItem(parts.tombstone(userId, conversationId)) !== null) return 'removed'
        const keys = parts.find(userId, conversationId, true)
        const row = keys && parts.rowOf(keys, epochOf(storage, userId))
        return typeof row === 'object' ? sessionOf(row) : row
      }),

    save: (changes) =>
      use((own) => {
        const refusals: Refusal[] = []
        for (const change of changes) {
          const { userId, conversationId } = change
          const reason = saveOne(own, change)
          if (reason) refusals.push({ conversationId, reason })
          else announce(userId, [conversationId])
        }
        return refusals
      }),

    remove: (userId, conversationIds) =>
      use((own) => {
        if (conversationIds.length === 0) return
        own.parts.scan()
        removeRows(own, userId, conversationIds)
      }),

    clear: (userId, workspace) =>
      use((own) => {
        own.parts.scan()
        const ids = own.parts.conversationsOf(userId, workspace).map(([id]) => id)
        removeRows(own, userId, ids)
      }),

    epochOf: (userId) => use(({ storage }) => epochOf(storage, userId)),

    forget: (userId, nextEpoch) =>
      use(({ storage, parts, writer }) => {
        // The epoch first: what another tab writes from here on is not there.
        storage.setItem(epochKey(name, userId), nextEpoch)
        for (const key of keysWith(storage, `${name}/`)) {
          const [kind = '', second = ''] = parseStorageKey(name, key)
          const [of, owner] = kind === 'quarantine' ? parseStorageKey(name, second) : [kind, second]
          if ((of !== 'part' && of !== 'removed') || owner !== userId) continue
          const value = parseJson(storage.getItem(key) ?? '')
          if (!isObject(value) || value.epoch !== nextEpoch) storage.removeItem(key)
        }
        parts.forget()
        writer.forget()
        announce(userId, [])
      }),

    subscribe(userId, listener) {
      const own = (ofUser: string | undefined, conversationIds: readonly string[]): void => {
        if (ofUser === undefined || ofUser === userId) listener(conversationIds)
      }
      listeners.add(own)
      listen()
      return () => listeners.delete(own)
    },

    onReport(listener) {
      const own = (report: AdapterReport): void => listener(report)
      reporters.add(own)
      return () => reporters.delete(own)
    },

    async close() {
      stop?.abort()
      stop = undefined
      listeners.clear()
      reporters.clear()
    },
  }
}

/** What works on a storage that could be opened. */
interface Opened {
  readonly storage: WebStorage
  readonly parts: StoredParts
  readonly writer: ReturnType<typeof partWriter>
}

/** How long a removed row cannot come back. */
const tombstoneMs = 30 * 24 * 60 * 60 * 1_000
