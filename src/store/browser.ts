import type { WebStorage } from '../core/web-storage.js'

/** What the store uses of the page it runs in. Pass another one in tests. */
export interface Browser {
  /** The page's storage, or `undefined` where there is none or access to it throws. */
  storage(kind: 'localStorage' | 'sessionStorage'): WebStorage | undefined
  /** Calls `listener` when the page is hidden, shown, left, or comes back from the back/forward cache. */
  onLifecycle(listener: (event: LifecycleEvent) => void): () => void
}

/** What happens to a page. */
export type LifecycleEvent = 'hidden' | 'visible' | 'pagehide' | 'pageshow'

/** The page this script runs in; on a server, a page with nothing in it. */
export const realBrowser: Browser = {
  storage(kind) {
    try {
      return globalThis[kind]
    } catch {
      return undefined // a sandboxed frame or blocked site data: the getter throws
    }
  },
  onLifecycle(listener) {
    if (typeof document === 'undefined') return () => {}
    const onVisibility = (): void => listener(document.visibilityState === 'hidden' ? 'hidden' : 'visible')
    const onPageHide = (): void => listener('pagehide')
    const onPageShow = (event: PageTransitionEvent): void => {
      if (event.persisted) listener('pageshow')
    }
    // Never `unload`: it keeps the page out of the back/forward cache (https://web.dev/articles/bfcache).
    document.addEventListener('visibilitychange', onVisibility)
    addEventListener('pagehide', onPageHide)
    addEventListener('pageshow', onPageShow)
    return () => {
      document.removeEventListener('visibilitychange', onVisibility)
      removeEventListener('pagehide', onPageHide)
      removeEventListener('pageshow', onPageShow)
    }
  },
}
