/**
 * The session store, the adapters that need no other package, `readTurn` for the browser, tab keys, errors.
 *
 * @module leftoff
 */

export { type LocalStorageAdapterOptions, localStorageAdapter } from './adapters/local-storage/local-storage-adapter.js'
export { memoryAdapter } from './adapters/memory/memory-adapter.js'
export type { AdapterReport, Change, ListQuery, Refusal, SessionAdapter } from './core/adapter.js'
export { type Clock, systemClock } from './core/clock.js'
export { isLeftoffError, LeftoffError, type LeftoffErrorCode } from './core/error.js'
export { readTurn } from './core/read-turn.js'
export { historyRing } from './core/ring.js'
export type { ConversationSession, TokenUsage } from './core/session.js'
export type { LostReason, MovedReason, SessionEvent } from './core/session-event.js'
export { parseTabKey, sessionKey, type TabKey, type TabKeyParts, tabKey } from './core/tab-key.js'
export type { RecoveryReason, TurnEvent } from './core/turn-event.js'
export type { RecordedMessage } from './core/unsaved.js'
export type { WebStorage } from './core/web-storage.js'
export type { Browser, ClaimChannel, ClaimLocks, LifecycleEvent } from './store/browser.js'
export { createSessionStore } from './store/create-session-store.js'
export type {
  InitialSessionState,
  SavingState,
  SessionActions,
  SessionState,
  SessionStore,
  SessionStoreOptions,
  SwitchResult,
} from './store/session-store.js'
