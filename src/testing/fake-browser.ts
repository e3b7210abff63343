import type { WebStorage } from '../core/web-storage.js'
import type { Browser, LifecycleEvent } from '../store/browser.js'

/** A browser profile whose tabs share one `localStorage`. */
export interface FakeBrowser {
  readonly localStorage: FakeStorage
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

  function openDocument(sessionStorage: FakeStorage): FakeTab {
    const events = new EventTarget()
    const listeners = new Set<(event: LifecycleEvent) => void>()
    documents.add(events)

    /** `localStorage` as this document has it. The others are told of each write, after what this one does in a row. */
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
      },
      storage: () => storage,
      events,
      sessionStorage,
      tell(event) {
        for (const listener of [...listeners]) listener(event)
      },
      reload() {
        tab.tell('pagehide')
        documents.delete(events)
        listeners.clear()
        return openDocument(sessionStorage)
      },
    }
    return tab
  }

  return {
    localStorage,
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
