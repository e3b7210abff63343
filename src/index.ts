/**
 * The session store, the adapters that need no other package, `readTurn` for the browser, errors.
 *
 * @module leftoff
 */

export { type HttpAdapterOptions, httpAdapter } from './adapters/http/http-adapter.js'
export { type LocalStorageAdapterOptions, localStorageAdapter } from './adapters/local-storage/local-storage-adapter.js'
export { memoryAdapter } from './adapters/memory/memory-adapter.js'
export { applyChange, type SessionChange, type StoredRow } from './core/apply-change.js'
export { readChange } from './core/checks.js'
export { isLeftoffError, LeftoffError, type LeftoffErrorCode } from './core/error.js'
export { readTurn } from './core/read-turn.js'
export { historyRing } from './core/ring.js'
export type { ConversationSession, RankedSession, TokenUsage } from './core/session.js'
export type { AdapterReport, ListQuery, Refusal, SessionAdapter, SessionPage } from './core/session-adapter.js'
export type { SessionEvent } from './core/session-event.js'
export { createSessionStore } from './store/create-session-store.js'
export { drafts } from './store/drafts.js'
export { type GuestConversation, type GuestOptions, guests } from './store/guests.js'
export type { RecordedMessage } from './store/history.js'
export type {
  SessionActions,
  SessionState,
  SessionStore,
  SessionStoreOptions,
} from './store/session-store.js'
export {
  createTurnClient,
  type TurnClient,
  type TurnClientEvent,
  type TurnClientOptions,
  type TurnConversation,
  type TurnMessage,
} from './turns/turn-client.js'
export type { UnsentTurn } from './turns/unsent-turns.js'
