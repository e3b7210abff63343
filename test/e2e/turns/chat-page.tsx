import { createSessionStore, drafts, localStorageAdapter, type SessionStore } from 'leftoff'
import { dexieAdapter } from 'leftoff/dexie'
import { SessionProvider } from 'leftoff/react'
import { type ComponentType, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

declare global {
  interface Window {
    store: SessionStore
  }
}

/** Shows a guide's chat to the user whom the address names; `?adapter=dexie` says where sessions are stored. */
export function showChat(App: ComponentType): void {
  const isDexie = new URLSearchParams(location.search).get('adapter') === 'dexie'
  const store = createSessionStore({
    adapter: isDexie ? dexieAdapter() : localStorageAdapter(),
    drafts: drafts(),
    userId: location.pathname.split('/')[2] ?? '',
  })
  window.store = store
  const root = document.getElementById('root')
  if (!root) throw new Error('The page has a root.')
  createRoot(root).render(
    <StrictMode>
      <SessionProvider store={store}>
        <App />
        <button type="button" onClick={() => void store.signOut()}>
          Sign out
        </button>
      </SessionProvider>
    </StrictMode>,
  )
}
