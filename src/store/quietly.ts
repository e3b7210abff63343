import type { WebStorage } from '../core/web-storage.js'

/** Uses a storage that the page can do without: `undefined` where it is missing, full or blocked. */
export function quietly<T>(open: () => WebStorage | undefined, use: (storage: WebStorage) => T): T | undefined {
  try {
    const storage = open()
    return storage && use(storage)
  } catch {
    return undefined
  }
}
