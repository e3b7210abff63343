import { createContext, useContext } from 'react'
import { localStorageAdapter } from '../adapters/local-storage/local-storage-adapter.js'
import { importLegacy } from '../legacy/import-legacy.js'
import { createSessionStore } from '../store/create-session-store.js'
import type { SessionStore, SessionStoreOptions } from '../store/session-store.js'

/** The store of the nearest `SessionProvider`. */
export const SessionContext = createContext<SessionStore | undefined>(undefined)

/** The store of the provider; without one, the page's default store. */
export function useSessionStore(): SessionStore {
  return useContext(SessionContext) ?? defaultStore()
}

// The one module-level value of the package beside the map of `reading-threads.ts`: a page without a provider has one store. A
// server has none, for it would be shared between requests; there each call gets one that is never opened, since effects do not run.
let pageStore: SessionStore | undefined

function defaultStore(): SessionStore {
  if (typeof document === 'undefined') return createSessionStore(defaultOptions())
  pageStore ??= createSessionStore(defaultOptions())
  return pageStore
}

/** What a store has whose app names no adapter: localStorage, and what the seed's own store left there. */
export function defaultOptions(name?: string): SessionStoreOptions {
  return { adapter: localStorageAdapter(name === undefined ? {} : { name }), legacy: importLegacy() }
}
