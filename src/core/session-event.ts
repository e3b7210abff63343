import type { LeftoffError } from './error.js'
import type { AdapterReport } from './session-adapter.js'

/** What the store reports to the app, through `onEvent`, `store.on` and `useSessionEvent`. */
export type SessionEvent =
  /** The conversation the app asked for could not be opened; this tab has a new one, `conversationId`. */
  | {
      readonly type: 'conversation-redirected'
      readonly conversationId: string
      readonly from: string
      readonly reason: RedirectReason
    }
  /** The conversation no longer exists. If this tab had it open, it has a new one now. */
  | { readonly type: 'conversation-lost'; readonly conversationId: string; readonly reason: 'removed' | 'not-found' }
  /**
   * A removal was carried out by this page, once it could no longer be undone: what your app keeps of the conversation can go too.
   * The `workspace` is missing if no page that knew the conversation removed it.
   */
  | { readonly type: 'conversation-removed'; readonly conversationId: string; readonly workspace?: string }
  /** Another tab or device, or this tab's page before a reload, added to a conversation that is open here: load its messages again. */
  | { readonly type: 'conversation-changed'; readonly conversationId: string }
  /** Another tab took over the conversation; this tab watches it now. */
  | { readonly type: 'taken-over'; readonly conversationId: string }
  /** This browser has neither Web Locks nor `BroadcastChannel`: two tabs may share a conversation. Saves are safe. Reported once. */
  | { readonly type: 'claims-unavailable' }
  /** The user signed out on this device, here or in another tab. */
  | { readonly type: 'signed-out'; readonly userId: string }
  /** The device keeps a limited number of conversations; these were the oldest. */
  | { readonly type: 'conversations-expired'; readonly conversationIds: readonly string[] }
  /** Storage cannot be used; the chat continues in memory. Reported once, until `restored`. */
  | { readonly type: 'degraded'; readonly error: LeftoffError }
  /** Storage works again, and everything recorded since is saved. */
  | { readonly type: 'restored' }
  /** An attempt to save failed; leftoff retries automatically, unless the change was refused. */
  | { readonly type: 'save-failed'; readonly error: LeftoffError; readonly conversationId?: string }
  | AdapterReport

/** Why a tab has a new conversation instead of the one the app asked for. */
export type RedirectReason = 'open-elsewhere' | 'other-workspace' | 'removed' | 'not-found' | 'newer-version'
