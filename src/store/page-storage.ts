import type { WebStorage } from '../core/web-storage.js'
import type { Browser } from './browser.js'

/**
 * The page's storages, each kept from the first use: after `window.close()` WebKit gives `null`, while the object that it gave
 * before still writes.
 */
export function pageStorage(browser: Browser): (kind: 'localStorage' | 'sessionStorage') => WebStorage | undefined {
  const kept = new Map<string, WebStorage>()
  return (kind) => {
    const storage = kept.get(kind) ?? browser.storage(kind)
    if (storage) kept.set(kind, storage)
    return storage ?? undefined
  }
}
