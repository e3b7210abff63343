import type { WebStorage } from '../../core/web-storage.js'

/** The storage, and how to take back what was written through it: a call that fails has changed nothing. */
export function undoable(storage: WebStorage): { readonly storage: WebStorage; readonly undo: () => void } {
  const before: (readonly [key: string, value: string | null])[] = []
  return {
    storage: {
      get length() {
        return storage.length
      },
      key: (index) => storage.key(index),
      getItem: (key) => storage.getItem(key),
      setItem(key, value) {
        const old = storage.getItem(key)
        storage.setItem(key, value)
        before.push([key, old])
      },
      removeItem: (key) => storage.removeItem(key),
    },
    undo() {
      // The last first, which gives back the room that the earlier ones need.
      for (const [key, value] of before.reverse()) {
        if (value === null) storage.removeItem(key)
        else storage.setItem(key, value)
      }
    },
  }
}
