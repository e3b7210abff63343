import type { AdapterReport } from './adapter.js'
import type { LeftoffError } from './error.js'

/** What the store tells the app, through `onEvent`, `store.on` and `useSessionEvent`. */
export type SessionEvent =
  /** The conversation asked for could not be this tab's; it has a new one, `conversationId`. */
  | { readonly type: 'moved'; readonly conversationId: string; readonly from: string; readonly reason: MovedReason }
  /**
   * The conversation is gone. `removed`: a person removed it; if this tab had it, it has a new one now. `not-found`: there
   * never was one. `open-elsewhere`: another tab took it while this page could not hold it; it stays on screen, unsaved, with
   * `status: 'lost'`, until the app opens it again or begins another.
   */
  | { readonly type: 'conversation-lost'; readonly conversationId: string; readonly reason: LostReason }
  /** Another tab or device went on in this tab's conversation: load its messages again. */
  | { readonly type: 'conversation-changed'; readonly conversationId: string }
  /** Storage cannot be used; the chat goes on in memory. Told once, until `restored`. */
  | { readonly type: 'degraded'; readonly error: LeftoffError }
  /** Storage works again, and what was said meanwhile is saved. */
  | { readonly type: 'restored' }
  /** An attempt to save failed; it is tried again by itself. */
  | { readonly type: 'save-failed'; readonly error: LeftoffError }
  | AdapterReport

/** Why a tab has a new conversation instead of the one asked for. */
export type MovedReason = 'open-elsewhere' | 'other-workspace' | 'removed' | 'newer-version'

/** Why a conversation is gone. */
export type LostReason = 'removed' | 'not-found' | 'open-elsewhere'
