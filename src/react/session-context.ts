import { createContext, useContext } from 'react'
import { createSessionStore } from '../store/create-session-store.js'
import type { SessionStore } from '../store/session-store.js'

/** The store of the nearest `SessionProvider`. */
export const SessionContext = createContext<SessionStore | undefined>(undefined)

/** The store of the provider; without one, the page's default store. */
export function useSessionStore(): SessionStore {
  return useContext(SessionContext) ?? defaultStore()
}

// The one module-level value of the package: a page without a provider has one store. A server has none, for it would be
// shared between requests; there each call gets one that is never opened, since effects do not run.
let pageStore: SessionStore | undefined

function defaultStore(): SessionStore {
  if (typeof document === 'undefined') return createSessionStore()
  pageStore ??= createSessionStore()
  return pageStore
}
