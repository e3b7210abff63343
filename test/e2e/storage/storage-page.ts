import {
  type AdapterReport,
  createSessionStore,
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
const store = createSessionStore({ adapter, onEvent: (event) => events.push(event) })
store.subscribe((state, previous) => {
  if (state.sessions !== previous.sessions) window.viewChangedAt = Date.now()
})

const page: StoragePage = {
  store,
  adapter,
  stored: create(),
  raw: isDexie ? rawIndexedDb : rawLocalStorage,
  events,
  writes: countWrites(),
  viewChangedAt: Date.now(),
  isRejecting: false,
}
Object.assign(window, page)
