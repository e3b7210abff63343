import { createStore } from 'zustand/vanilla'
import type { Browser } from './browser.js'
import { callListener } from './event-emitter.js'
import type { SessionState } from './session-store.js'

/** The state that apps see: computed when somebody reads it, and announced before the next paint. */
export function publishedState(
  browser: Browser,
  initial: SessionState,
  workOut: (previous: SessionState) => SessionState,
) {
  let state = initial
  let isStale = false
  let isNotifying = false
  const store = createStore<SessionState>(() => initial)
  const listening = new Set<() => void>()

  function read(): SessionState {
    if (isStale) state = workOut(state)
    isStale = false
    return state
  }

  function notify(): void {
    isNotifying = false
    const next = read()
    if (next !== store.getState()) store.setState(next, true)
  }

  return {
    read,
    /** Before anything is painted after it, such as in a page that goes away. */
    notify,
    initial: store.getInitialState,

    subscribe(listener: (state: SessionState, previous: SessionState) => void): () => void {
      notify() // what nobody has listened to is nobody's news
      const call = (next: SessionState, previous: SessionState) => callListener(() => listener(next, previous))
      const stop = store.subscribe(call)
      call(store.getState(), store.getState())
      listening.add(stop)
      return () => {
        stop()
        listening.delete(stop)
      }
    },

    /** The state may have changed. However often it does, listeners are called once before each paint. */
    changed(): void {
      isStale = true
      if (isNotifying || listening.size === 0) return
      isNotifying = true
      browser.beforePaint(notify)
    },

    /** Another state at once: the user is another. */
    show(next: SessionState): void {
      state = next
      isStale = false
      store.setState(next, true)
    },
  }
}
