import type { WebStorage } from '../core/web-storage.js'
import type { Browser, ClaimChannel, LifecycleEvent } from '../store/browser.js'
import { type FakeLockMode, fakeLocks } from './fake-locks.js'

/** A browser profile whose tabs share one `localStorage`. */
export interface FakeBrowser {
  readonly localStorage: FakeStorage
  /** How the Web Locks of all tabs behave from now on: `working` unless set. */
  lockMode: FakeLockMode
  /** A new tab; with `copyOf` a duplicate, which has a copy of that tab's `sessionStorage`. */
  openTab(options?: { readonly copyOf?: FakeTab }): FakeTab
}

/** One tab of a {@link FakeBrowser}. */
export interface FakeTab {
  /** For the `browser` option of `createSessionStore`. */
  readonly browser: Browser
  /** For the `storage` option of `localStorageAdapter`. */
  readonly storage: () => WebStorage
  /** For the `events` option of `localStorageAdapter`: `storage` events arrive here. */
  readonly events: EventTarget
  readonly sessionStorage: FakeStorage
  /** Tells the page what happens to it. */
  tell(event: LifecycleEvent): void
  /** The page goes away, and the tab shows a new one with the same `sessionStorage`. */
  reload(): FakeTab
  /** The page goes away and does not come back. */
  close(): void
  /** The page ends without any event. */
  crash(): void
}

/** A storage in memory that can be made to fail. */
export interface FakeStorage extends WebStorage {
  /** Throws this from each call while it is set. */
  failure: Error | undefined
  clear(): void
}

/**
 * A browser for tests in Node: tabs, their lifecycle, and storage events between them.
 *
 * @example
 * ```ts
 * import { createSessionStore, localStorageAdapter } from 'leftoff'
 * import { fakeBrowser } from 'leftoff/testing'
 *
 * const tab = fakeBrowser().openTab()
 * const store = createSessionStore({ browser: tab.browser, adapter: localStorageAdapter(tab) })
 * ```
 */
export function fakeBrowser(): FakeBrowser {
  const documents = new Set<EventTarget>()
  const localStorage = fakeStorage()
  const locks = fakeLocks()
  const channels = new Set<{
    readonly name: string
    readonly page: object
    readonly receive: (data: unknown) => void
  }>()

  function openDocument(sessionStorage: FakeStorage): FakeTab {
    const events = new EventTarget()
    const listeners = new Set<(event: LifecycleEvent) => void>()
    let isHidden = false
    let isGone = false
    documents.add(events)

    /** `localStorage` as this document has it. The others get an event for each write, after the current task of this one. */
    function written(key: string | null): void {
      for (const other of documents) {
        if (other !== events) queueMicrotask(() => other.dispatchEvent(Object.assign(new Event('storage'), { key })))
      }
    }
    const storage: WebStorage = {
      get length() {
        return localStorage.length
      },
      key: localStorage.key,
      getItem: localStorage.getItem,
      setItem(key, value) {
        localStorage.setItem(key, value)
        written(key)
      },
      removeItem(key) {
        localStorage.removeItem(key)
        written(key)
      },
    }

    const tab: FakeTab = {
      browser: {
        storage: (kind) => (kind === 'localStorage' ? storage : sessionStorage),
        onLifecycle(listener) {
          listeners.add(listener)
          return () => listeners.delete(listener)
        },
        isHidden: () => isHidden,
        wasDiscarded: () => false,
        activated: async () => false,
        beforePaint: (run) => run(),
        events: () => events,
        locks: () => locks.of(events),
        channel: (name, onMessage) => openChannel(events, name, onMessage, () => isGone),
      },
      storage: () => storage,
      events,
      sessionStorage,
      tell(event) {
        if (event === 'hidden' || event === 'visible') isHidden = event === 'hidden'
        for (const listener of [...listeners]) listener(event)
      },
      reload() {
        tab.close()
        return openDocument(sessionStorage)
      },
      close() {
        tab.tell('pagehide')
        tab.crash()
      },
      crash() {
        isGone = true
        documents.delete(events)
        listeners.clear()
        locks.releaseAll(events)
        for (const channel of channels) if (channel.page === events) channels.delete(channel)
      },
    }
    return tab
  }

  function openChannel(
    page: object,
    name: string,
    receive: (data: unknown) => void,
    isGone: () => boolean,
  ): ClaimChannel {
    const own = { name, page, receive }
    channels.add(own)
    return {
      postMessage(data) {
        const sent = structuredClone(data)
        for (const other of channels) {
          if (other === own || other.name !== name || isGone()) continue
          queueMicrotask(() => channels.has(other) && other.receive(sent))
        }
      },
      close: () => void channels.delete(own),
    }
  }

  return {
    localStorage,
    get lockMode() {
      return locks.mode
    },
    set lockMode(mode) {
      locks.mode = mode
    },
    openTab: ({ copyOf } = {}) => openDocument(fakeStorage(copyOf?.sessionStorage)),
  }
}

/** A storage in memory, beginning with a copy of another's content. */
function fakeStorage(copyOf?: WebStorage): FakeStorage {
  const values = new Map<string, string>()
  for (let index = 0; index < (copyOf?.length ?? 0); index++) {
    const key = copyOf?.key(index) ?? ''
    values.set(key, copyOf?.getItem(key) ?? '')
  }

  function working(): Map<string, string> {
    if (storage.failure) throw storage.failure
    return values
  }
  const storage: FakeStorage = {
    failure: undefined,
    get length() {
      return working().size
    },
    key: (index) => [...working().keys()][index] ?? null,
    getItem: (key) => working().get(key) ?? null,
    setItem: (key, value) => void working().set(key, value),
    removeItem: (key) => void working().delete(key),
    clear: () => working().clear(),
  }
  return storage
}
