import { type Clock, systemClock } from '../../core/clock.js'
import type { SessionAdapter } from '../../core/session-adapter.js'
import { sqlSessions } from '../../core/sql-sessions.js'
import { rpcCaller, type SupabaseRpcClient } from '../../core/supabase-rpc.js'

/** Options of {@link supabaseAdapter}. */
export interface SupabaseAdapterOptions {
  /** The client the user is signed in with; never one with the service key. */
  readonly client: SupabaseRpcClient
  /** How long one request may take before it fails as `unreachable`; 10 s. */
  readonly timeoutMs?: number
  /** For `timeoutMs`. */
  readonly clock?: Clock
}

/**
 * Keeps the sessions of the signed-in user in Supabase, for all their devices. `userId` of the store is the user's id
 * there, `sub` of the token; any other is `forbidden`.
 *
 * @example
 * ```ts
 * import { createClient } from '@supabase/supabase-js'
 * import { createSessionStore } from 'leftoff'
 * import { supabaseAdapter } from 'leftoff/supabase'
 *
 * const client = createClient(supabaseUrl, publishableKey)
 * const store = createSessionStore({ adapter: supabaseAdapter({ client }), userId })
 * ```
 */
export function supabaseAdapter({
  client,
  timeoutMs = 10_000,
  clock = systemClock,
}: SupabaseAdapterOptions): SessionAdapter {
  return sqlSessions({
    name: 'supabase',
    verbs: {
      list: 'list_conversation_sessions',
      get: 'get_conversation_session',
      save: 'save_conversation_sessions',
      remove: 'remove_conversation_sessions',
      clear: 'clear_conversation_sessions',
    },
    call: rpcCaller({ client, schema: 'app', timeoutMs, clock, onInvalid: 'invalid-session' }),
  })
}
