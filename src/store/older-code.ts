import type { SessionAdapter } from '../core/adapter.js'
import type { Browser } from './browser.js'
import { type Imported, olderBlobs } from './older-blob.js'
import { quietly } from './quietly.js'
import { type SnapshotState, writeSnapshot } from './snapshot.js'

export type OlderCode = ReturnType<typeof olderCode>

/** The blob at `name` in localStorage, in both directions: what older code left there, and what older code may read there. */
export function olderCode(browser: Browser, name: string, { snapshot }: { readonly snapshot: boolean }) {
  return {
    /** Imports what older code left. A failure is no trouble of its own: it is tried again at each open. */
    async importAll(adapter: SessionAdapter, userId: string, now: number): Promise<Imported> {
      try {
        const storage = browser.storage('localStorage')
        if (storage) return await olderBlobs(storage, name).importAll(adapter, userId, now)
      } catch {
        // If the adapter is broken, listing says so next; if localStorage is, there is nothing to import.
      }
      return { current: undefined, errors: [] }
    },

    /** Empties the snapshot and what was copied for this user. */
    forget(userId: string): void {
      this.keepSnapshot({ sessions: [], currentConversationId: undefined, currentWorkspace: undefined })
      quietly(
        () => browser.storage('localStorage'),
        (storage) => olderBlobs(storage, name).forget(userId),
      )
    },

    /** Writes the snapshot. A courtesy: the rows are the adapter's, and it tells of a full storage itself. */
    keepSnapshot(state: SnapshotState): void {
      if (!snapshot) return
      quietly(
        () => browser.storage('localStorage'),
        (storage) => writeSnapshot(storage, name, state, olderBlobs(storage, name).setAside),
      )
    },
  }
}
