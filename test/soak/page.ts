import type { Clock } from '../../src/core/clock.js'
import type { WebStorage } from '../../src/core/web-storage.js'
import type { Browser, ClaimLocks, LifecycleEvent } from '../../src/store/browser.js'
import { type FakeBrowser, type FakeTab, fakeBrowser } from '../../src/testing/fake-browser.js'
import type { SoakTime } from './soak-time.js'

export type LockMode = 'working' | 'missing' | 'rejecting'

/** How a page sleeps. `cached`: in the back/forward cache, which Chromium announces by `freeze` and `resume` as well. */
export type Sleep = 'frozen' | 'cached' | 'cached-and-frozen'

/** How a page comes to be. */
export interface Beginning {
  /** The browser discarded the last page of its tab. */
  readonly wasDiscarded?: boolean
  /** It runs before anybody sees it. */
  readonly isPrerendered?: boolean
}

/** A browser profile with a wall clock of its own. */
export interface Device {
  readonly index: number
  readonly browser: FakeBrowser
  /** How far its wall clock is ahead. */
  offset: number
  /** Those that are not gone. */
  readonly pages: Set<Page>
}

export function createDevice(index: number): Device {
  return { index, browser: fakeBrowser(), offset: 0, pages: new Set() }
}

/**
 * A page of a {@link Device}: what reaches it from outside (timers, messages, answers of storage and locks) waits while it is
 * frozen and is dropped once it is gone.
 */
export interface Page {
  readonly device: Device
  readonly tab: FakeTab
  readonly browser: Browser
  readonly events: EventTarget
  readonly storage: () => WebStorage
  /** `cached`: in the back/forward cache, where messages are not even kept. */
  readonly state: 'running' | 'frozen' | 'cached' | 'gone'
  /** How long the browser takes to answer a lock request. */
  lockDelayMs: number
  /** `missing` as on plain http, `rejecting` as in a sandboxed frame. */
  lockMode: LockMode
  /** A clock for one store, with how many timers wait on it. */
  createClock(): SoakClock
  /** The promise, as the page hears of it. */
  answer<T>(promise: Promise<T>): Promise<T>
  tell(event: LifecycleEvent): void
  freeze(as: Sleep): void
  /** Whether somebody may see the page: one that is prerendered waits. */
  readonly isActive: boolean
  /** A prerendered page is shown. */
  activate(): void
  /** Wakes the page: it is told first, and hears then of what came meanwhile. */
  thaw(): void
  /** The other pages of the device hear that the whole storage was cleared. */
  tellOthers(): void
  /** Hears of a change of the device's storage. */
  hearStorage(key: string | null): void
  end(): void
}

/** The clock of one store, with how many of its timers wait; with `since`, of those that try again, set then or later. */
export type SoakClock = Clock & { pending(since?: number): number }

/** November 2023: far enough from 0 for clocks that jump back. */
const start = 1_700_000_000_000

export function createPage(
  time: SoakTime,
  device: Device,
  tab: FakeTab,
  { wasDiscarded = false, isPrerendered = false }: Beginning = {},
): Page {
  let state: Page['state'] = 'running'
  let sleep: Sleep = 'frozen'
  let isActive = !isPrerendered
  let activate = (): void => {}
  const activated = new Promise<void>((resolve) => {
    activate = resolve
  })
  let held: (() => void)[] = []
  const events = new EventTarget()
  tab.events.addEventListener('storage', (event) => {
    const key = 'key' in event && typeof event.key === 'string' ? event.key : null
    page.hearStorage(key)
  })

  function deliver(task: () => void, { isKept = true } = {}): void {
    if (state === 'running') task()
    else if (state === 'frozen' || (state === 'cached' && isKept)) held.push(task)
  }

  function answer<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => deliver(() => resolve(value)),
        (error: unknown) => deliver(() => reject(error)),
      )
    })
  }

  /** The page's locks. One that is granted while the page sleeps is held all the same. */
  function gatedLocks(locks: ClaimLocks): ClaimLocks {
    if (page.lockMode === 'rejecting') {
      const reject = (): Promise<never> => answer(Promise.reject(new DOMException('No locks here.', 'SecurityError')))
      return { request: reject, query: reject }
    }
    return {
      request: (name, options, granted) =>
        answer(
          locks.request(name, options, (lock) => {
            return new Promise((resolve, reject) => {
              const hear = (): void => deliver(() => void Promise.resolve(granted(lock)).then(resolve, reject))
              if (page.lockDelayMs > 0) time.after(page.lockDelayMs, hear)
              else hear()
            })
          }),
        ),
      query: () => answer(locks.query()),
    }
  }

  /** Adapters hear of it from the window, stores from the browser. */
  function wake(as: 'resume' | 'pageshow'): void {
    events.dispatchEvent(new Event(as))
    tab.tell(as)
  }

  const page: Page = {
    device,
    tab,
    events,
    storage: tab.storage,
    lockDelayMs: 0,
    lockMode: 'working',
    get state() {
      return state
    },
    browser: {
      ...tab.browser,
      locks() {
        const locks = page.lockMode === 'missing' ? undefined : tab.browser.locks()
        return locks && gatedLocks(locks)
      },
      wasDiscarded: () => wasDiscarded,
      activated: () => (isActive ? Promise.resolve(false) : activated.then(() => true)),
      events: () => events,
      channel: (name, onMessage) =>
        tab.browser.channel(name, (data) => deliver(() => onMessage(data), { isKept: false })),
    },
    createClock() {
      const pending = new Set<{ readonly setAt: number; readonly isRetry: boolean }>()
      return {
        now: () => start + device.offset + time.elapsed(),
        monotonic: time.elapsed,
        setTimeout(run, ms, { keepsAlive = true } = {}) {
          const timer = { setAt: time.elapsed(), isRetry: !keepsAlive }
          pending.add(timer)
          const cancel = time.after(ms, () => deliver(() => pending.delete(timer) && run()))
          return () => {
            pending.delete(timer)
            cancel()
          }
        },
        pending: (since) =>
          [...pending].filter(({ setAt, isRetry }) => since === undefined || (isRetry && setAt >= since)).length,
      }
    },
    answer,
    tell: tab.tell,
    get isActive() {
      return isActive
    },
    activate() {
      isActive = true
      activate()
    },
    freeze(as) {
      if (as !== 'cached') tab.tell('freeze')
      sleep = as
      state = as === 'frozen' ? 'frozen' : 'cached'
    },
    thaw() {
      state = 'running'
      if (sleep !== 'cached') wake('resume')
      if (sleep !== 'frozen') wake('pageshow')
      tab.tell('visible')
      const tasks = held
      held = []
      for (const task of tasks) deliver(task)
    },
    tellOthers() {
      for (const other of device.pages) if (other !== page) other.hearStorage(null)
    },
    hearStorage(key) {
      deliver(() => void events.dispatchEvent(Object.assign(new Event('storage'), { key })), { isKept: false })
    },
    end() {
      state = 'gone'
      held = []
      device.pages.delete(page)
      tab.crash()
    },
  }
  device.pages.add(page)
  return page
}
