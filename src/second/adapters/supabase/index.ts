/**
 * Sessions of the signed-in user in Supabase, for all their devices.
 *
 * @module leftoff/supabase
 */

export type { RpcCall, RpcError, RpcResponse, SupabaseRpcClient } from '../../../core/supabase-rpc.js'
export { type SupabaseAdapterOptions, supabaseAdapter } from './supabase-adapter.js'
