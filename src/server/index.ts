/**
 * Turns on the server: tab keys, agent sessions, `runTurn`, responses.
 *
 * @module leftoff/server
 */

export type { AgentDriver, FailureClass, MessageKind, ResumeAttempt, TurnWatch } from '../core/agent-driver.js'
export type { Clock } from '../core/clock.js'
export { isLeftoffError, LeftoffError, type LeftoffErrorCode } from '../core/error.js'
export type { TokenUsage } from '../core/session.js'
export { parseTabKey, sessionKey, type TabKey, type TabKeyParts, tabKey } from '../core/tab-key.js'
export type { RecoveryReason, TurnEvent } from '../core/turn-event.js'
export type { AgentSessionStore, BeginTurnResult, TurnLease } from './agent-session-store.js'
export { createLookupCache, type LookupCache, type LookupCacheOptions } from './lookup-cache.js'
export { type MemoryAgentSessionsOptions, memoryAgentSessions } from './memory-agent-sessions.js'
export { busyResponse, type TurnResponseOptions, turnResponse } from './responses.js'
export { runTurn, type Turn } from './run-turn.js'
export type { AgentRequest, LostContext, RecoveryReport, TurnOptions } from './turn-options.js'
