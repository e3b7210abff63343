import type { Clock } from '../../src/core/clock.js'
import type { WebStorage } from '../../src/core/web-storage.js'
import type { Browser, ClaimLocks, LifecycleEvent } from '../../src/store/browser.js'
import { type FakeBrowser, type FakeTab, fakeBrowser } from '../../src/testing/fake-browser.js'
import type { SoakTime } from './soak-time.js'

/** A browser profile with a wall clock of its own. */
export interface Device {
  readonly index: number
  readonly browser: FakeBrowser
  /** How far its wall clock is ahead. */
  offset: number
}

export function createDevice(index: number): Device {
  return { index, browser: fakeBrowser(), offset: 0 }
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
  /** A clock for one store, with how many timers wait on it. */
  createClock(): Clock & { pending(): number }
  /** The promise, as the page hears of it. */
  answer<T>(promise: Promise<T>): Promise<T>
  tell(event: LifecycleEvent): void
  freeze(as: 'frozen' | 'cached'): void
  /** Wakes the page: it is told first, and hears then of what came meanwhile. */
  thaw(): void
  end(): void
}

/** November 2023: far enough from 0 for clocks that jump back. */
const start = 1_700_000_000_000

export function createPage(time: SoakTime, device: Device, tab: FakeTab): Page {
  let state: Page['state'] = 'running'
  let held: (() => void)[] = []
  const events = new EventTarget()
  tab.events.addEventListener('storage', (event) => {
    const key = 'key' in event ? event.key : null
    deliver(() => void events.dispatchEvent(Object.assign(new Event('storage'), { key })), { isKept: false })
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

  const page: Page = {
    device,
    tab,
    events,
    storage: tab.storage,
    lockDelayMs: 0,
    get state() {
      return state
    },
    browser: {
      ...tab.browser,
      locks() {
        const locks = tab.browser.locks()
        return locks && gatedLocks(locks)
      },
      channel: (name, onMessage) =>
        tab.browser.channel(name, (data) => deliver(() => onMessage(data), { isKept: false })),
    },
    createClock() {
      const pending = new Set<object>()
      return {
        now: () => start + device.offset + time.elapsed(),
        monotonic: time.elapsed,
        setTimeout(run, ms) {
          const timer = {}
          pending.add(timer)
          const cancel = time.after(ms, () => deliver(() => pending.delete(timer) && run()))
          return () => {
            pending.delete(timer)
            cancel()
          }
        },
        pending: () => pending.size,
      }
    },
    answer,
    tell: tab.tell,
    freeze(as) {
      state = as
    },
    thaw() {
      const isCached = state === 'cached'
      state = 'running'
      tab.tell(isCached ? 'pageshow' : 'resume')
      tab.tell('visible')
      const tasks = held
      held = []
      for (const task of tasks) deliver(task)
    },
    end() {
      state = 'gone'
      held = []
      tab.crash()
    },
  }
  return page
}
