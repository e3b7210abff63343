/**
 * The session store, the adapters that need no other package, `readTurn` for the browser, tab keys, errors.
 *
 * @module leftoff
 */

export { type LocalStorageAdapterOptions, localStorageAdapter } from './adapters/local-storage/local-storage-adapter.js'
export { type MemoryAdapterOptions, memoryAdapter } from './adapters/memory/memory-adapter.js'
export type {
  AdapterReport,
  ListQuery,
  Refusal,
  RefusalReason,
  SessionAdapter,
  SessionPage,
} from './core/adapter.js'
export {
  applyChange,
  type RankedText,
  type ScopeTotals,
  type SessionChange,
  type StoredRow,
  type StoredScope,
  type TitleSlot,
  type Titles,
} from './core/change.js'
export { type Checked, readChange } from './core/checks.js'
export { type Clock, systemClock } from './core/clock.js'
export { isLeftoffError, LeftoffError, type LeftoffErrorCode } from './core/error.js'
export { readTurn } from './core/read-turn.js'
export { historyRing } from './core/ring.js'
export type { ConversationSession, RankedSession, TokenUsage } from './core/session.js'
export type { RedirectReason, SessionEvent } from './core/session-event.js'
export { parseTabKey, sessionKey, type TabKey, type TabKeyParts, tabKey } from './core/tab-key.js'
export type { RecoveryReason, TurnEvent } from './core/turn-event.js'
export type { WebStorage } from './core/web-storage.js'
export type { Browser, ClaimChannel, ClaimLocks, HeldLock, LifecycleEvent } from './store/browser.js'
export { createSessionStore } from './store/create-session-store.js'
export { type DraftStorage, drafts } from './store/drafts.js'
export type { RecordedMessage } from './store/entry.js'
export type {
  InitialSessionState,
  OpenOptions,
  SavingState,
  SessionActions,
  SessionState,
  SessionStatus,
  SessionStore,
  SessionStoreOptions,
  SwitchResult,
  WorkspaceState,
} from './store/session-store.js'
