import { type Clock, systemClock } from '../../core/clock.js'
import type { AgentSessionStore } from '../agent-session-store.js'
import { createLookupCache, type LookupCache } from '../lookup-cache.js'
import { sqlAgentSessions } from '../sql-agent-sessions.js'
import { type PostgresQuery, queryCaller } from './query-caller.js'

/** Settings of {@link postgresAgentSessions}. */
export interface PostgresAgentSessionsOptions {
  /** Your driver, in a line. Its role needs `leftoff_server`, and owns nothing. */
  readonly query: PostgresQuery
  /** How long an id lasts after the last activity; 24 h. */
  readonly expiryMs?: number
  /** How long one statement may take before it fails as `unreachable`; 5 s. */
  readonly timeoutMs?: number
  /** What becomes of a workspace without a row in `app.domains`: `create` inserts one, `strict` is an error; `create`. */
  readonly domains?: 'create' | 'strict'
  /** Which domain id a workspace has; kept for five minutes unless you pass a cache of your own. */
  readonly domainIds?: LookupCache<string>
  /** For `timeoutMs` and the cache; expiry and leases go by the database's clock. */
  readonly clock?: Clock
}

/**
 * Agent sessions in Postgres, in the table `iam.sessions`, for any number of server processes and through any driver.
 * Each verb is one statement, once the workspace's domain id is known.
 *
 * @example
 * ```ts
 * import { postgresAgentSessions } from 'leftoff/server'
 * import pg from 'pg'
 *
 * const pool = new pg.Pool({ connectionString: databaseUrl })
 * pool.on('error', console.error)
 * const sessionStore = postgresAgentSessions({
 *   query: async (sql, params) => (await pool.query(sql, [...params])).rows,
 * })
 * ```
 */
export function postgresAgentSessions({
  query,
  expiryMs = 24 * 60 * 60 * 1000,
  timeoutMs = 5_000,
  domains = 'create',
  clock = systemClock,
  domainIds = createLookupCache({ ttlMs: 5 * 60_000, clock }),
}: PostgresAgentSessionsOptions): AgentSessionStore {
  const call = queryCaller({ query, schema: 'iam', timeoutMs, clock, onInvalid: 'invalid-argument' })
  return sqlAgentSessions({ call, expiryMs, domains, domainIds })
}
