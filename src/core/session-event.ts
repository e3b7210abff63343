import type { AdapterReport } from './adapter.js'
import type { LeftoffError } from './error.js'

/** What the store tells the app, through `onEvent`, `store.on` and `useSessionEvent`. */
export type SessionEvent =
  /** The conversation asked for could not be this tab's; it has a new one, `conversationId`. */
  | { readonly type: 'moved'; readonly conversationId: string; readonly from: string; readonly reason: MovedReason }
  /** The conversation is gone: someone removed it, or there never was one. If this tab had it, it has a new one now. */
  | { readonly type: 'conversation-lost'; readonly conversationId: string }
  /** Storage cannot be used; the chat goes on in memory. Told once, until `restored`. */
  | { readonly type: 'degraded'; readonly error: LeftoffError }
  /** Storage works again, and what was said meanwhile is saved. */
  | { readonly type: 'restored' }
  /** An attempt to save failed; it is tried again by itself. */
  | { readonly type: 'save-failed'; readonly error: LeftoffError }
  | AdapterReport

/** Why a tab has a new conversation instead of the one asked for. */
export type MovedReason = 'other-workspace' | 'removed' | 'newer-version'
