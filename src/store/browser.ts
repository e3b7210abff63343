import type { WebStorage } from '../core/web-storage.js'

/** What the store uses of the page it runs in. Pass another one in tests. */
export interface Browser {
  /** The page's storage, or `undefined` where there is none or access to it throws. */
  storage(kind: 'localStorage' | 'sessionStorage'): WebStorage | undefined
  /** Calls `listener` when the page is hidden, shown, left, thawed, or comes back from the back/forward cache. */
  onLifecycle(listener: (event: LifecycleEvent) => void): () => void
  /** Whether nobody sees the page. */
  isHidden(): boolean
  /** Whether the browser discarded this tab's last page to save memory. */
  wasDiscarded(): boolean
  /** Resolves once a prerendered page is shown; at once, with `false`, for any other. */
  activated(): Promise<boolean>
  /** The page's locks, `undefined` where there are none. They may still reject each request. */
  locks(): ClaimLocks | undefined
  /** Joins the other pages of this origin in a channel, `undefined` where there is none. Open until it is closed. */
  channel(name: string, onMessage: (data: unknown) => void): ClaimChannel | undefined
  /** Runs `run` before the page is painted again, or in a microtask where nothing is painted: in a hidden page, and on a server. */
  beforePaint(run: () => void): void
  /** Where stores of one page find each other; `undefined` on a server. */
  events(): EventTarget | undefined
}

/** What happens to a page. `pageshow`: it comes back from the back/forward cache; `freeze` and `resume`: nothing runs in between. */
export type LifecycleEvent = 'hidden' | 'visible' | 'pagehide' | 'pageshow' | 'freeze' | 'resume'

/** What the store uses of `navigator.locks`. */
export interface ClaimLocks {
  request(
    name: string,
    options: {
      readonly ifAvailable?: boolean
      readonly steal?: boolean
      readonly signal?: AbortSignal
    },
    granted: (lock: unknown) => Promise<unknown> | undefined,
  ): Promise<unknown>
  /** The locks that any page holds. */
  query(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>
}

/** What the store uses of a `BroadcastChannel`. */
export interface ClaimChannel {
  postMessage(data: unknown): void
  close(): void
}

/** The page this script runs in; on a server, a page with nothing in it. */
export const realBrowser: Browser = {
  storage(kind) {
    try {
      return globalThis[kind] ?? undefined
    } catch {
      return undefined // a sandboxed frame or blocked site data: the getter throws
    }
  },
  onLifecycle(listener) {
    if (!hasDocument()) return () => {}
    const stop = new AbortController()
    const on = (target: EventTarget, type: string, eventOf: (event: Event) => LifecycleEvent | false): void =>
      target.addEventListener(
        type,
        (event) => {
          const name = eventOf(event)
          if (name) listener(name)
        },
        stop,
      )
    // Never `unload`: it keeps the page out of the back/forward cache (https://web.dev/articles/bfcache).
    on(document, 'visibilitychange', () => (document.visibilityState === 'hidden' ? 'hidden' : 'visible'))
    on(document, 'freeze', () => 'freeze')
    on(document, 'resume', () => 'resume')
    on(globalThis, 'pagehide', () => 'pagehide')
    on(globalThis, 'pageshow', (event) => 'persisted' in event && event.persisted === true && 'pageshow')
    return () => stop.abort()
  },
  isHidden: () => hasDocument() && document.visibilityState === 'hidden',
  wasDiscarded: () => hasDocument() && 'wasDiscarded' in document && document.wasDiscarded === true,
  async activated() {
    if (!hasDocument() || !('prerendering' in document) || document.prerendering !== true) return false
    await new Promise((resolve) => document.addEventListener('prerenderingchange', resolve, { once: true }))
    return true
  },
  // Node has both as well, where they would keep a process alive.
  locks: () => (hasDocument() ? navigator.locks : undefined),
  channel(name, onMessage) {
    if (!hasDocument() || typeof BroadcastChannel === 'undefined') return undefined
    const channel = new BroadcastChannel(name)
    channel.addEventListener('message', ({ data }) => onMessage(data))
    return channel
  },
  beforePaint(run) {
    if (!hasDocument() || document.visibilityState === 'hidden') return queueMicrotask(run)
    let hasRun = false
    const runOnce = (): void => {
      if (!hasRun) run()
      hasRun = true
    }
    requestAnimationFrame(runOnce)
    setTimeout(runOnce, framelessMs)
  },
  events: () => (hasDocument() ? globalThis : undefined),
}

/** A frame that cannot be seen, such as one that is scrolled away, is not painted. */
const framelessMs = 100

function hasDocument(): boolean {
  return typeof document !== 'undefined'
}
