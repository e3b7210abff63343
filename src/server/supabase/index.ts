/**
 * Agent sessions in Supabase, for any number of server processes.
 *
 * @module leftoff/server/supabase
 */

export type { RpcCall, RpcError, RpcResponse, SupabaseRpcClient } from '../../core/supabase-rpc.js'
export { type SupabaseAgentSessionsOptions, supabaseAgentSessions } from './supabase-agent-sessions.js'
