import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { type FakeBrowser, fakeBrowser } from '../../src/testing/fake-browser.js'
import type { PlantedRow } from '../../src/testing/session-adapter-harness.js'
import { unreadable } from './dexie-harness.js'

/** A browser whose tabs each have an adapter of their own on one localStorage. */
export function localStorageHarness(name = 'claude-session-storage') {
  let browser: FakeBrowser = fakeBrowser()
  return {
    browser: () => browser,
    destroy: () => {
      browser = fakeBrowser()
    },
    open: (now?: () => number) => localStorageAdapter({ ...browser.openTab(), ...(now && { now }) }),
    keys: () =>
      Array.from({ length: browser.localStorage.length }, (_, index) => browser.localStorage.key(index) ?? ''),
    plant(kind: PlantedRow, userId: string, conversationId: string): void {
      const tab = browser.openTab()
      for (const key of Array.from(
        { length: browser.localStorage.length },
        (_, i) => browser.localStorage.key(i) ?? '',
      )) {
        if (!key.startsWith(`${name}/part/${userId}/`) || !key.includes(`/${conversationId}/`)) continue
        // Written as another tab would.
        tab
          .storage()
          .setItem(key, JSON.stringify(unreadable(kind, JSON.parse(browser.localStorage.getItem(key) ?? '{}'))))
      }
    },
  }
}
