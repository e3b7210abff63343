import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import type { SessionEvent } from '../../src/core/session-event.js'
import type { WebStorage } from '../../src/core/web-storage.js'
import { createSessionStore } from '../../src/store/create-session-store.js'
import type { SessionStore, SessionStoreOptions } from '../../src/store/session-store.js'
import { type FakeTab, fakeBrowser } from '../../src/testing/fake-browser.js'
import { type ManualClock, manualClock } from '../../src/testing/manual-clock.js'

/** A store in a tab of a fake browser, with what it told. */
export interface StoreInTab {
  readonly store: SessionStore
  readonly tab: FakeTab
  readonly events: SessionEvent[]
  /** The page goes away and comes back with a new store. */
  reload(): StoreInTab
  /** A duplicate of the tab, with a store of its own. */
  duplicate(): StoreInTab
}

/** A fake browser on a manual clock, whose ids are counted. */
export function setUp(options: Partial<SessionStoreOptions> = {}) {
  const clock: ManualClock = manualClock({ now: 1_000_000 })
  const browser = fakeBrowser()
  let ids = 0

  function open(tab: FakeTab, own: Partial<SessionStoreOptions>): StoreInTab {
    const events: SessionEvent[] = []
    const store = createSessionStore({
      clock,
      createId: () => `id-${++ids}`,
      browser: tab.browser,
      adapter: localStorageAdapter({ ...tab, now: clock.now }),
      onEvent: (event) => events.push(event),
      ...options,
      ...own,
    })
    return {
      store,
      tab,
      events,
      reload: () => open(tab.reload(), own),
      duplicate: () => open(browser.openTab({ copyOf: tab }), own),
    }
  }

  return {
    clock,
    browser,
    openTab: (own: Partial<SessionStoreOptions> = {}): StoreInTab => open(browser.openTab(), own),
    /** Opens the workspace in a tab, and lets pass what it waits for a page that was left a moment ago. */
    async initialize({ store }: StoreInTab, workspace = 'w'): Promise<string> {
      const opened = store.initConversation(workspace)
      await clock.advance(2_000)
      return opened
    },
    /** Lets all that can happen without time passing happen. */
    settle: () => clock.advance(0),
    /** What the localStorage of all tabs has of a conversation, as a page that opens now reads it. */
    stored: (conversationId: string, userId = '') =>
      localStorageAdapter({ ...browser.openTab(), now: clock.now }).get(userId, conversationId),
    /** The keys of localStorage that have `part` in them. */
    keys: (part = '') => keysOf(browser.localStorage).filter((key) => key.includes(part)),
  }
}

/** All keys of a storage. */
export function keysOf(storage: WebStorage): string[] {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
}

/** The adapter with its failures in the test's hands, and its saves counted. */
export function faulty(adapter: SessionAdapter) {
  const calls = { saved: 0, listed: 0 }
  const fault: { error: Error | undefined; hang: boolean } = { error: undefined, hang: false }
  async function through<T>(run: () => Promise<T>): Promise<T> {
    if (fault.hang) return new Promise(() => {})
    if (fault.error) throw fault.error
    return run()
  }
  const wrapped: SessionAdapter = {
    ...adapter,
    list: (userId, query) => through(() => adapter.list(userId, query)).finally(() => calls.listed++),
    get: (userId, id) => through(() => adapter.get(userId, id)),
    save: (changes) =>
      through(() => {
        calls.saved++
        return adapter.save(changes)
      }),
    remove: (userId, ids) => through(() => adapter.remove(userId, ids)),
    clear: (userId, workspace) => through(() => adapter.clear(userId, workspace)),
  }
  return { adapter: wrapped, fault, calls }
}
