import type { Clock } from '../../src/core/clock.js'
import type { WebStorage } from '../../src/core/web-storage.js'
import type { Browser, ClaimLocks } from '../../src/store/browser.js'
import { type FakeTab, fakeBrowser } from '../../src/testing/fake-browser.js'

/** How a page's browser differs from others. */
export interface BrowserOptions {
  /** How long the page's first Web Lock request takes. */
  readonly firstLockAnswerMs?: number
  /** `false`: the browser has no BroadcastChannel. */
  readonly hasChannel?: boolean
}

/** A document of a device. */
export interface DevicePage {
  readonly tab: FakeTab
  readonly browser: Browser
  readonly storage: () => WebStorage
  /** Where `storage` events arrive. */
  readonly events: EventTarget
  /** The names of the channels it has opened. */
  readonly channels: ReadonlySet<string>
  /** Its timers wait while the page sleeps and end with the page. */
  readonly clock: Clock
  /** Enters the back/forward cache, where it receives no events. */
  sleep(): void
  /** Leaves the back/forward cache. */
  wake(): void
  /** Stops all that the page does. */
  end(): void
  readonly isGone: boolean
}

export type Device = ReturnType<typeof openDevice>

/** A fake browser with a localStorage that can count its calls, be full, and be cleared. */
export function openDevice(clock: Clock) {
  const browser = fakeBrowser()
  const pages = new Set<DevicePage>()
  const use = { reads: 0, writes: 0 }
  /** How many more characters fit. */
  let room = Number.POSITIVE_INFINITY
  let mostWrites = Number.POSITIVE_INFINITY

  /** Another script takes each freed character before the next task. */
  function grew(by: number): void {
    room -= by
    if (by < 0 && room !== Number.POSITIVE_INFINITY) setImmediate(fill)
  }

  function fill(): void {
    room = 0
  }

  function watched(storage: WebStorage, isGone: () => boolean): WebStorage {
    const sizeOf = (key: string): number => {
      const value = storage.getItem(key)
      return value === null ? 0 : key.length + value.length
    }
    return {
      get length() {
        return storage.length
      },
      key(index) {
        use.reads++
        return storage.key(index)
      },
      getItem(key) {
        use.reads++
        return storage.getItem(key)
      },
      setItem(key, value) {
        if (isGone()) return
        if (++use.writes > mostWrites) throw new Error('The page writes forever.')
        const more = key.length + value.length - sizeOf(key)
        if (more > room) throw new DOMException('The quota was exceeded.', 'QuotaExceededError')
        storage.setItem(key, value)
        grew(more)
      },
      removeItem(key) {
        if (isGone()) return
        const size = sizeOf(key)
        storage.removeItem(key)
        grew(-size)
      },
    }
  }

  return {
    browser,
    use,

    openPage(tab: FakeTab, { firstLockAnswerMs, hasChannel = true }: BrowserOptions): DevicePage {
      const events = new EventTarget()
      const channels = new Set<string>()
      const storage = watched(tab.storage(), () => isGone)
      let isFirst = firstLockAnswerMs !== undefined
      let isAsleep = false
      let isGone = false
      let overdue: (() => void)[] = []

      function slow(locks: ClaimLocks): ClaimLocks {
        return {
          query: () => locks.query(),
          request(...given) {
            if (!isFirst) return locks.request(...given)
            isFirst = false
            return new Promise((resolve, reject) => {
              clock.setTimeout(() => locks.request(...given).then(resolve, reject), firstLockAnswerMs ?? 0)
            })
          },
        }
      }

      const page: DevicePage = {
        tab,
        events,
        channels,
        clock: {
          ...clock,
          setTimeout(run, ms) {
            let isCancelled = false
            const fire = (): void => {
              if (isAsleep) overdue.push(fire)
              else if (!isGone && !isCancelled) run()
            }
            const cancel = clock.setTimeout(fire, ms)
            return () => {
              isCancelled = true
              cancel()
            }
          },
        },
        sleep() {
          tab.tell('pagehide')
          isAsleep = true
        },
        wake() {
          isAsleep = false
          tab.tell('pageshow')
          events.dispatchEvent(new Event('pageshow'))
          const due = overdue
          overdue = []
          for (const fire of due) fire()
        },
        end() {
          isGone = true
          pages.delete(page)
        },
        get isGone() {
          return isGone
        },
        storage: () => storage,
        browser: {
          ...tab.browser,
          storage: (kind) => (kind === 'localStorage' ? storage : tab.sessionStorage),
          locks() {
            const locks = tab.browser.locks()
            return locks && slow(locks)
          },
          channel(name, onMessage) {
            if (!hasChannel) return undefined
            channels.add(name)
            return tab.browser.channel(name, onMessage)
          },
        },
      }
      tab.events.addEventListener('storage', (event) => {
        const key = 'key' in event ? event.key : undefined
        if (!isAsleep) events.dispatchEvent(Object.assign(new Event('storage'), { key }))
      })
      pages.add(page)
      return page
    },

    /** Calls `localStorage.clear()` in a page and notifies the others. */
    clearLocalStorage(by: DevicePage): void {
      browser.localStorage.clear()
      for (const page of pages) {
        if (page !== by) page.tab.events.dispatchEvent(Object.assign(new Event('storage'), { key: null }))
      }
    },

    /** Posts a message on every channel that a page has opened. */
    shout(data: unknown): void {
      const other = browser.openTab()
      const names = new Set([...pages].flatMap(({ channels }) => [...channels]))
      for (const name of names) other.browser.channel(name, () => {})?.postMessage(data)
    },

    /** Fills localStorage. From now on another script takes each freed character. */
    fill,

    /** Fails all writes after the next `count`, so that an endless loop ends. Returns whether any failed. */
    allowWrites(count: number): () => boolean {
      mostWrites = use.writes + count
      return () => use.writes > mostWrites
    },

    /** How many values in localStorage and `others` contain the text. */
    valuesWith(text: string, ...others: readonly WebStorage[]): number {
      return [browser.localStorage, ...others].flatMap(valuesOf).filter((value) => value.includes(text)).length
    },
  }
}

function valuesOf(storage: WebStorage): readonly string[] {
  return Array.from({ length: storage.length }, (_, index) => storage.getItem(storage.key(index) ?? '') ?? '')
}
