export type { RpcCall, RpcResponse, SupabaseRpcClient } from '../../core/supabase-rpc.js'
export { type SupabaseAgentSessionsOptions, supabaseAgentSessions } from './supabase-agent-sessions.js'
