import {
  type AdapterReport,
  createSessionStore,
  drafts,
  localStorageAdapter,
  type SessionAdapter,
  type SessionEvent,
  type SessionStore,
} from 'leftoff'
import { dexieAdapter } from 'leftoff/dexie'
import { countWrites, type Writes } from './count-writes.js'
import { type RawRows, rawIndexedDb, rawLocalStorage } from './raw-rows.js'

/** What the page of these tests has on `window`, as an app would have it in a module. Nothing is opened until a test says so. */
export interface StoragePage {
  readonly store: SessionStore
  /** The store's own adapter. */
  readonly adapter: SessionAdapter
  /** Another handle on the same storage, to look at what is there. */
  readonly stored: SessionAdapter
  readonly raw: RawRows
  readonly events: readonly (SessionEvent | AdapterReport)[]
  /** What was written to any storage since the page was loaded. */
  readonly writes: Writes
  /** When `sessions` last became another value. */
  viewChangedAt: number
  /** The status of a page that was prerendered, until it was shown. */
  untilShown: string | undefined
  /** Makes every save reject, as a storage of a third party may. */
  isRejecting: boolean
}

declare global {
  interface Window extends StoragePage {}
}

const isDexie = new URLSearchParams(location.search).get('adapter') === 'dexie'
const create = isDexie ? dexieAdapter : localStorageAdapter
const own = create()
const adapter: SessionAdapter = {
  ...own,
  // A bare string: not even an error.
  save: (changes) => (window.isRejecting ? Promise.reject('out of order') : own.save(changes)),
}
const events: (SessionEvent | AdapterReport)[] = []
const store = createSessionStore({ adapter, drafts: drafts(), onEvent: (event) => events.push(event) })
store.subscribe((state, previous) => {
  if (state.sessions !== previous.sessions) window.viewChangedAt = Date.now()
})

/** For a page that nobody can ask, because it is prerendered: it opens at once, and notes what it had until it was shown. */
const openAtOnce = new URLSearchParams(location.search).get('open')
if (openAtOnce !== null) {
  void store.initConversation(openAtOnce)
  document.addEventListener('prerenderingchange', () => {
    window.untilShown = store.getState().status
  })
}

const page: StoragePage = {
  store,
  adapter,
  stored: create(),
  raw: isDexie ? rawIndexedDb : rawLocalStorage,
  events,
  writes: countWrites(),
  viewChangedAt: Date.now(),
  untilShown: undefined,
  isRejecting: false,
}
Object.assign(window, page)
