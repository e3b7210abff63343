import { type ReactElement, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { createSessionStore } from '../store/create-session-store.js'
import type { SessionStore, SessionStoreOptions } from '../store/session-store.js'
import { defaultOptions, SessionContext } from './session-context.js'

/** Props of {@link SessionProvider}: a store of the app's own, or the options of the one it makes. */
export type SessionProviderProps =
  | { readonly children?: ReactNode; readonly store: SessionStore }
  | ({ readonly children?: ReactNode; readonly store?: undefined } & ProviderOptions)

/** The options of a provider's own store. Without an adapter it uses localStorage, and imports what an older app left there. */
type ProviderOptions = Omit<SessionStoreOptions, 'adapter'> & Partial<Pick<SessionStoreOptions, 'adapter'>>

/**
 * Gives the components below it one session store per mount: the one passed, or one made from the options. Of the options
 * only `userId` is followed: `null` while it is not known, and whoever signs in next. A server that knows the history passes it
 * as `initialState`: it is in the page at once, and what storage says replaces it. With `guests` what a guest did on this device
 * becomes that of whoever signs in.
 *
 * @example
 * ```tsx
 * import { SessionProvider } from 'leftoff/react'
 *
 * export function App({ userId }: { userId: string }) {
 *   return (
 *     <SessionProvider userId={userId}>
 *       <ChatPage />
 *     </SessionProvider>
 *   )
 * }
 * ```
 */
export function SessionProvider({ children, store, ...options }: SessionProviderProps): ReactElement {
  if (!store) return <OwnStore options={options}>{children}</OwnStore>
  return <SessionContext.Provider value={store}>{children}</SessionContext.Provider>
}

function OwnStore(props: { readonly options: ProviderOptions; readonly children: ReactNode }): ReactElement {
  const [options] = useState((): SessionStoreOptions => {
    const { adapter, ...rest } = props.options
    return adapter ? { ...rest, adapter } : { ...defaultOptions(rest.name), ...rest }
  })
  const [store, setStore] = useState(() => createSessionStore(options))
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined)
  const disposed = useRef<SessionStore>(undefined)

  const { userId = '' } = props.options
  const claimGuest = options.guests !== undefined
  const shown = useRef(userId)
  // Before anything is painted: no frame shows the one user's sessions to the other. And before the components below open
  // anything, so that what a guest did is there.
  useBrowserLayoutEffect(() => {
    if ((shown.current === userId && !claimGuest) || disposed.current === store) return
    shown.current = userId
    void store.setUser(userId, { claimGuest })
  }, [store, userId, claimGuest])

  useEffect(() => {
    clearTimeout(leaving.current)
    if (disposed.current === store) {
      // What the server knew is old by now.
      const { initialState: _, ...rest } = options
      setStore(createSessionStore({ ...rest, userId: shown.current }))
      return
    }
    return () => {
      // In a later task, for Strict Mode runs this effect again at once. Activity does so much later: then the tab's
      // pointer brings the same conversation back into a new store.
      leaving.current = setTimeout(() => {
        disposed.current = store
        void store.dispose()
      })
    }
  }, [store, options])

  return <SessionContext.Provider value={store}>{props.children}</SessionContext.Provider>
}

/** React 18 warns of layout effects on a server, where there are none to run. */
const useBrowserLayoutEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect
