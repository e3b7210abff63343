import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { dexieAdapter } from '../../../src/adapters/dexie/dexie-adapter.js'
import { memoryAdapter } from '../../../src/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../../src/core/session-adapter.js'
import { createTurnClient, drafts, guests, localStorageAdapter } from '../../../src/index.js'
import { importLegacy } from '../../../src/legacy/index.js'
import type { Browser } from '../../../src/store/browser.js'
import { createSessionStore } from '../../../src/store/create-session-store.js'
import type { SessionStoreOptions } from '../../../src/store/session-store.js'
import { type FakeTab, fakeBrowser } from '../../../src/testing/fake-browser.js'
import { manualClock } from '../../../src/testing/manual-clock.js'
import { keysOf } from '../../support/tabs.js'

export const name = 'claude-session-storage'
/** `account`: the history is on a server, which is not the device. */
export type AdapterKind = 'localStorage' | 'dexie' | 'account'

/** A browser with all that leftoff may keep in it, and what it holds. */
export function openOrigin(kind: AdapterKind = 'localStorage') {
  const clock = manualClock({ now: Date.UTC(2026, 0, 1) })
  const browser = fakeBrowser()
  const indexedDB = new IDBFactory()
  const { list, get, save, remove, clear } = memoryAdapter({ clock })
  const account: SessionAdapter = {
    name: 'account',
    place: 'account',
    durability: 'committed',
    list,
    get,
    save,
    remove,
    clear,
  }
  /** The tabs that are open: the browser forgets the sessionStorage of others. */
  const tabs = new Set<FakeTab>()
  const channels = new Set<string>()
  let ids = 0

  /** The browser of a tab, whose channels have no secret names. */
  function overheard({ browser: own }: FakeTab): Browser {
    return {
      ...own,
      channel(channel, onMessage) {
        channels.add(channel)
        return own.channel(channel, onMessage)
      },
    }
  }

  function adapterOf(tab: FakeTab): SessionAdapter {
    if (kind === 'dexie') return dexieAdapter({ indexedDB, IDBKeyRange, clock })
    return kind === 'account' ? account : localStorageAdapter({ ...tab, now: clock.now })
  }

  /** A page with a store and a turn client, whose server is not there. */
  function openPage(options: Partial<SessionStoreOptions> = {}, tab = browser.openTab()) {
    tabs.add(tab)
    const { persistContent = true } = options
    const events: string[] = []
    const store = createSessionStore({
      clock,
      createId: () => `id-${++ids}`,
      browser: overheard(tab),
      adapter: adapterOf(tab),
      drafts: drafts(),
      guests: guests(),
      legacy: importLegacy(),
      onEvent: ({ type }) => events.push(type),
      ...options,
    })
    const unreachable = () => Promise.reject(new TypeError('Failed to fetch'))
    const client = createTurnClient({ api: '/api', fetch: unreachable, clock, browser: tab.browser, persistContent })
    return {
      store,
      client,
      tab,
      events,
      reload(own = options) {
        tabs.delete(tab)
        return openPage(own, tab.reload())
      },
      close() {
        tabs.delete(tab)
        tab.close()
      },
    }
  }

  /** IndexedDB answers in real tasks, so each step waits for some. */
  async function pass(ms: number): Promise<void> {
    for (let step = 0; step < 10; step++) {
      await clock.advance(ms / 10)
      if (kind === 'dexie') for (let task = 0; task < 20; task++) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  return {
    clock,
    browser,
    openPage,
    pass,
    /** Posts a message on every channel that a page has opened, and waits until it is heard. */
    async shout(data: unknown): Promise<void> {
      const { browser: own } = browser.openTab()
      for (const channel of channels) own.channel(channel, () => {})?.postMessage(data)
      await pass(0)
    },
    async soon<T>(promise: Promise<T>, ms = 3_000): Promise<T> {
      promise.catch(() => {}) // awaited below
      await pass(ms)
      return promise
    },
    /** Every key and value of the origin: of localStorage, the sessionStorage of each tab, and each database. */
    async everything(): Promise<readonly string[]> {
      const storages = [browser.localStorage, ...[...tabs].map(({ sessionStorage }) => sessionStorage)]
      const texts = storages.flatMap((storage) => keysOf(storage).map((key) => `${key} = ${storage.getItem(key)}`))
      for (const { name: database = '' } of await indexedDB.databases())
        texts.push(...(await rowsOf(indexedDB, database)))
      return texts
    },
  }
}

async function rowsOf(indexedDB: IDBFactory, name: string): Promise<readonly string[]> {
  const answered = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const database = await answered(indexedDB.open(name))
  const texts: string[] = []
  for (const store of database.objectStoreNames) {
    const rows = database.transaction(store).objectStore(store)
    for (const row of await answered(rows.getAll())) texts.push(`${name}/${store} = ${JSON.stringify(row)}`)
    for (const key of await answered(rows.getAllKeys())) texts.push(`${name}/${store} = ${JSON.stringify(key)}`)
  }
  database.close()
  return texts
}
