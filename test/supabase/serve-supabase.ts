import { randomUUID } from 'node:crypto'
import { createAdaptorServer } from '@hono/node-server'
import { createLocalSupabase } from '../../supabase/local/local-supabase.mjs'
import { serve } from '../support/serve.js'

/** A Supabase to test with, and its database. Plain values: test files run in other processes than the server. */
export interface TestSupabase {
  readonly engine: 'pglite' | 'postgres'
  readonly url: string
  readonly anonKey: string
  readonly serviceRoleKey: string
  readonly jwtSecret: string
  /** Where `POST` runs SQL as the owner of the database. */
  readonly sqlUrl: string
  /** The Postgres behind it, to connect to directly; PGlite has none. */
  readonly databaseUrl?: string
}

declare module 'vitest' {
  interface ProvidedContext {
    supabase: TestSupabase
  }
}

/** Serves the stand-in on a free port, on PGlite in memory or on the Postgres of `databaseUrl`. */
export async function serveSupabase(databaseUrl?: string): Promise<{ supabase: TestSupabase; close(): Promise<void> }> {
  const jwtSecret = `${randomUUID()}${randomUUID()}`
  const local = await createLocalSupabase({ jwtSecret, databaseUrl })
  const sqlPath = `/sql/${randomUUID()}`
  const server = createAdaptorServer({
    async fetch(request: Request) {
      if (new URL(request.url).pathname !== sqlPath) return local.fetch(request)
      const { query, params }: { query: string; params: unknown[] } = await request.json() // only runSql posts here
      return local.pool.query(query, params).then(
        ({ rows }) => Response.json(rows ?? []),
        (error) => Response.json({ message: error.message, code: error.code }, { status: 400 }),
      )
    },
  })
  const serving = await serve(server, '127.0.0.1')
  const url = `http://127.0.0.1:${serving.port}`
  return {
    supabase: {
      engine: databaseUrl === undefined ? 'pglite' : 'postgres',
      url,
      anonKey: local.anonKey,
      serviceRoleKey: local.serviceRoleKey,
      jwtSecret,
      sqlUrl: `${url}${sqlPath}`,
      ...(databaseUrl !== undefined && { databaseUrl }),
    },
    async close() {
      await serving.close()
      await local.close()
    },
  }
}
