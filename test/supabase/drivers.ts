import pg from 'pg'
import postgres from 'postgres'
import type { PostgresQuery } from '../../src/server/index.js'
import type { openPglite } from '../../supabase/local/pglite.mjs'

/** One driver's way to run a statement, as an app would write it. */
export interface OpenedDriver {
  readonly query: PostgresQuery
  close(): Promise<void>
}

/** With a pool, as most apps have it. */
export function withPg(url: string): OpenedDriver {
  const pool = new pg.Pool({ connectionString: url, max: 20 })
  pool.on('error', () => undefined) // an idle connection that breaks is replaced
  return {
    query: async (sql, params) => (await pool.query(sql, [...params])).rows,
    close: () => pool.end(),
  }
}

/** Without prepared statements, as behind a pooler in transaction mode. */
export function withPostgresJs(url: string): OpenedDriver {
  const { hostname, pathname, username } = new URL(url)
  // Given by parts: of a socket it does not read the folder out of a URL.
  const [host, database] = [decodeURIComponent(hostname), pathname.slice(1)]
  const sql = postgres({ host, database, username, prepare: false, max: 20, onnotice: () => undefined })
  return {
    query: (text, params) => sql.unsafe(text, params.map(String)),
    close: () => sql.end(),
  }
}

/** In this process. */
export function withPglite({ pglite }: Awaited<ReturnType<typeof openPglite>>): OpenedDriver {
  return {
    query: async (sql, params) => (await pglite.query<object>(sql, [...params])).rows,
    close: async () => undefined,
  }
}
