import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { createPostgresCluster } from './postgres-cluster.mjs'
import { serveSupabase } from './serve-supabase.js'

/** One stand-in on a Postgres of its own for all files of the project. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // An autovacuum that reads a table keeps its dead rows for that moment, so that a test would count fewer HOT updates.
  const cluster = await createPostgresCluster({ autovacuum: 'off' })
  try {
    await cluster.start()
    await grantByDefault(cluster.url())
    const { supabase, close } = await serveSupabase(cluster.url())
    project.provide('supabase', supabase)
    return async () => {
      await close()
      await cluster.end()
    }
  } catch (error) {
    await cluster.end()
    throw error
  }
}

/** What a careless project may have set: everything that is made from now on is open to browsers, unless it says otherwise. */
async function grantByDefault(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(`
    create role anon nologin noinherit;
    create role authenticated nologin noinherit;
    alter default privileges grant all on schemas to anon, authenticated;
    alter default privileges grant all on tables to anon, authenticated;
    alter default privileges grant execute on functions to anon, authenticated;`)
  await client.end()
}
