import { type Clock, systemClock } from '../../core/clock.js'
import { rpcCaller, type SupabaseRpcClient } from '../../core/supabase-rpc.js'
import type { AgentSessionStore } from '../agent-session-store.js'
import { createLookupCache, type LookupCache } from '../lookup-cache.js'
import { sqlAgentSessions } from '../sql-agent-sessions.js'

/** Settings of {@link supabaseAgentSessions}. */
export interface SupabaseAgentSessionsOptions {
  /** Made with the service key: nobody else may see agent sessions. */
  readonly client: SupabaseRpcClient
  /** How long an id lasts after the last activity; 24 h. */
  readonly expiryMs?: number
  /** How long one request may take before it fails as `unreachable`; 5 s. */
  readonly timeoutMs?: number
  /** What becomes of a workspace without a row in `app.domains`: `create` inserts one, `strict` is an error; `create`. */
  readonly domains?: 'create' | 'strict'
  /** Which domain id a workspace has; kept for five minutes unless you pass a cache of your own. */
  readonly domainIds?: LookupCache<string>
  /** For `timeoutMs` and the cache; expiry and leases go by the database's clock. */
  readonly clock?: Clock
}

/**
 * Agent sessions in Supabase, in the table `iam.sessions`, for any number of server processes. Each verb is one request,
 * once the workspace's domain id is known. The workspace of a tab key is a hostname in `app.domains`.
 *
 * @example
 * ```ts
 * import { createClient } from '@supabase/supabase-js'
 * import { supabaseAgentSessions } from 'leftoff/server'
 *
 * const client = createClient(supabaseUrl, serviceKey, { auth: { persistSession: false } })
 * const sessionStore = supabaseAgentSessions({ client })
 * ```
 */
export function supabaseAgentSessions({
  client,
  expiryMs = 24 * 60 * 60 * 1000,
  timeoutMs = 5_000,
  domains = 'create',
  clock = systemClock,
  domainIds = createLookupCache({ ttlMs: 5 * 60_000, clock }),
}: SupabaseAgentSessionsOptions): AgentSessionStore {
  const call = rpcCaller({ client, schema: 'iam', timeoutMs, clock, onInvalid: 'invalid-argument' })
  return sqlAgentSessions({ call, expiryMs, domains, domainIds })
}
