export type { RpcCall, RpcResponse, SupabaseRpcClient } from '../../core/supabase-rpc.js'
export { type SupabaseAdapterOptions, supabaseAdapter } from './supabase-adapter.js'
