import type { SessionEvent } from '../core/session-event.js'

/** Tells listeners of events. A listener that throws harms neither the others nor the store. */
export function createEventEmitter() {
  const listeners = new Set<(event: SessionEvent) => void>()
  return {
    emit(event: SessionEvent): void {
      for (const listener of [...listeners]) {
        try {
          listener(event)
        } catch (error) {
          // The app's own error goes where uncaught errors go, as from a DOM listener.
          queueMicrotask(() => {
            throw error
          })
        }
      }
    },
    on(listener: (event: SessionEvent) => void): () => void {
      const own = (event: SessionEvent): void => listener(event)
      listeners.add(own)
      return () => listeners.delete(own)
    },
  }
}
