/**
 * Turns on the server: tab keys, agent sessions in memory, Postgres, Redis and Supabase, `runTurn`, responses.
 *
 * @module leftoff/server
 */

export type {
  AgentDriver,
  FailureClass,
  MessageKind,
  ResumeAttempt,
  StatelessDriver,
  TurnWatch,
} from '../core/agent-driver.js'
export { type Clock, systemClock } from '../core/clock.js'
export { isLeftoffError, LeftoffError, type LeftoffErrorCode } from '../core/error.js'
export type { TokenUsage } from '../core/session.js'
export type { SessionAdapter } from '../core/session-adapter.js'
export type { RpcCall, RpcError, RpcResponse, SupabaseRpcClient } from '../core/supabase-rpc.js'
export { parseTabKey, sessionKey, type TabKey, type TabKeyParts, tabKey } from '../core/tab-key.js'
export type { RecoveryReason, TurnEvent } from '../core/turn-event.js'
export type {
  AgentSessionStore,
  BeginTurnResult,
  BegunTurn,
  TurnEnd,
  TurnOutcome,
  TurnState,
} from './agent-session-store.js'
export type { RefusedTurn } from './begin-turn.js'
export {
  type ClaimedConversation,
  type ClaimGuestOptions,
  type ClaimGuestResult,
  claimGuest,
  type GuestConversation,
} from './claim-guest.js'
export { createTurnHandler } from './handler/create-turn-handler.js'
export { forgetConversation } from './handler/forget-conversation.js'
export type { SchemaResult, StandardSchema } from './handler/message-input.js'
export type {
  ClientPart,
  TurnAnswer,
  TurnHandler,
  TurnHandlerOptions,
  TurnHandlerSettings,
  TurnIds,
  TurnQuestion,
  TurnRun,
} from './handler/turn-handler.js'
export { type MemoryTurnLogOptions, memoryTurnLog } from './log/memory-turn-log.js'
export { createLookupCache, type LookupCache, type LookupCacheOptions } from './lookup-cache.js'
export { type MemoryAgentSessionsOptions, memoryAgentSessions } from './memory-agent-sessions.js'
export { type PostgresAdapterOptions, postgresAdapter } from './postgres/postgres-adapter.js'
export { type PostgresAgentSessionsOptions, postgresAgentSessions } from './postgres/postgres-agent-sessions.js'
export { type PostgresTurnLogOptions, postgresTurnLog } from './postgres/postgres-turn-log.js'
export type { PostgresQuery } from './postgres/query-caller.js'
export { type JsonBody, readJsonBody } from './read-body.js'
export { type RedisAgentSessionsOptions, redisAgentSessions } from './redis/redis-agent-sessions.js'
export { type RedisTurnLogOptions, redisTurnLog } from './redis/redis-turn-log.js'
export type { RedisCommand } from './redis/script-caller.js'
export { busyResponse, type TurnResponseOptions, turnResponse } from './responses.js'
export { runTurn, type Turn } from './run-turn.js'
export { type Authorized, type SessionRoutes, type SessionRoutesOptions, sessionRoutes } from './session-routes.js'
export { type StatelessDriverOptions, statelessDriver } from './stateless-driver.js'
export { type SupabaseAgentSessionsOptions, supabaseAgentSessions } from './supabase/supabase-agent-sessions.js'
export { hashMessage } from './turn-ids.js'
export type { LoggedEvent, TurnLog } from './turn-log.js'
export type {
  AgentRequest,
  AgentRun,
  LostContext,
  RecoveryReport,
  TurnOptions,
  TurnSettings,
  WithoutSessions,
  WithSessions,
} from './turn-options.js'
