import type { Clock } from '../core/clock.js'
import type { SessionAdapter } from '../core/session-adapter.js'
import type { SessionEvent } from '../core/session-event.js'
import type { WebStorage } from '../core/web-storage.js'
import type { Browser } from './browser.js'
import type { DraftStorage } from './drafts.js'
import type { User } from './user.js'

/** What a store works with, for all its users. */
export interface StoreContext {
  readonly name: string
  readonly panel: string
  /** With a bound on each call. */
  readonly adapter: SessionAdapter
  readonly browser: Browser
  /** The page's storages, each as it was given first. */
  readonly storage: (kind: 'localStorage' | 'sessionStorage') => WebStorage | undefined
  readonly clock: Clock
  readonly createId: () => string
  readonly resume: 'latest' | 'new'
  readonly whenOpenElsewhere: 'watch' | 'new'
  readonly capacity: number
  readonly openTimeoutMs: number
  readonly maxConversations: number
  readonly defaultWorkspace: string | undefined
  readonly keepsContent: boolean
  readonly drafts: DraftStorage | undefined
  readonly legacy: LegacyImport | undefined
  readonly guests: GuestClaim | undefined
  readonly emit: (event: SessionEvent) => void
  /** The state may have changed. */
  readonly publish: () => void
}

/** Imports what an older app left, if there is anything. */
export type LegacyImport = (user: User) => Promise<void>

/**
 * Makes what a guest did the user's, once `left` has settled and before anything is opened. Rejects if that fails; called again
 * it continues.
 */
export type GuestClaim = (user: User, left: Promise<unknown>) => Promise<void>
