import { type Clock, systemClock } from '../../core/clock.js'
import type { SessionAdapter } from '../../core/session-adapter.js'
import { sqlSessions } from '../../core/sql-sessions.js'
import { type PostgresQuery, queryCaller } from './query-caller.js'

/** Settings of {@link postgresAdapter}. */
export interface PostgresAdapterOptions {
  /** Your driver, in a line. Its role needs `leftoff_server`, and owns nothing. */
  readonly query: PostgresQuery
  /** How long one statement may take before it fails as `unreachable`; 5 s. */
  readonly timeoutMs?: number
  /** For `timeoutMs`. */
  readonly clock?: Clock
}

/**
 * The sessions of all users in Postgres, in the table `app.conversation_sessions`, through any driver. Each verb is one statement.
 * It trusts its caller about the user: serve it to browsers with `sessionRoutes`.
 *
 * @example
 * ```ts
 * import { postgresAdapter } from 'leftoff/server'
 * import pg from 'pg'
 *
 * const pool = new pg.Pool({ connectionString: databaseUrl })
 * pool.on('error', console.error)
 * const adapter = postgresAdapter({
 *   query: async (sql, params) => (await pool.query(sql, [...params])).rows,
 * })
 * ```
 */
export function postgresAdapter({
  query,
  timeoutMs = 5_000,
  clock = systemClock,
}: PostgresAdapterOptions): SessionAdapter {
  return sqlSessions({
    name: 'postgres',
    verbs: {
      list: 'list_sessions_of_user',
      get: 'get_session_of_user',
      save: 'save_sessions_of_user',
      remove: 'remove_sessions_of_user',
      clear: 'clear_sessions_of_user',
    },
    call: queryCaller({ query, schema: 'app', timeoutMs, clock, onInvalid: 'invalid-session' }),
  })
}
