import type { SessionEvent } from '../core/session-event.js'

/** Calls listeners with events. A listener that throws harms neither the others nor the store. */
export function createEventEmitter() {
  const listeners = new Set<(event: SessionEvent) => void>()
  return {
    emit(event: SessionEvent): void {
      for (const listener of [...listeners]) {
        callListener(() => listener(event))
      }
    },
    on(listener: (event: SessionEvent) => void): () => void {
      const own = (event: SessionEvent): void => listener(event)
      listeners.add(own)
      return () => listeners.delete(own)
    },
  }
}

/** Runs an app's listener. Its own error goes where uncaught errors go, as from a DOM listener, and not into our code. */
export function callListener(run: () => void): void {
  try {
    run()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
