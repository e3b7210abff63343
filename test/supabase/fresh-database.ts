import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { openPglite } from '../../supabase/local/pglite.mjs'
import { supabase } from './supabase.js'

/** An empty database that ends with the test. */
export interface FreshDatabase {
  run(query: string): Promise<readonly Record<string, unknown>[]>
}

/** On the engine of this run. A Postgres has Supabase's roles already; PGlite has none before {@link bootstrap}. */
export async function freshDatabase(): Promise<FreshDatabase> {
  return supabase.databaseUrl === undefined ? onPglite() : onPostgres(supabase.databaseUrl)
}

/** What a Supabase project has before any migration. */
export const bootstrap = readFileSync(new URL('../../supabase/local/bootstrap.sql', import.meta.url), 'utf8')

const folder = new URL('../../supabase/migrations/', import.meta.url)

/** Runs all migrations, in their order. */
export async function migrate({ run }: FreshDatabase): Promise<void> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'))
  for (const name of names.sort()) await run(readFileSync(new URL(name, folder), 'utf8'))
}

async function onPglite(): Promise<FreshDatabase> {
  const pglite = await openPglite(undefined)
  onTestFinished(() => pglite.close())
  return {
    async run(query) {
      const results = await pglite.exec(query)
      return results.at(-1)?.rows ?? []
    },
  }
}

async function onPostgres(url: string): Promise<FreshDatabase> {
  const name = `fresh_${randomUUID().replaceAll('-', '')}`
  const owner = new pg.Client(url)
  await owner.connect()
  await owner.query(`create database ${name}`)
  const own = new URL(url)
  own.pathname = name
  const client = new pg.Client(own.href)
  await client.connect()
  onTestFinished(async () => {
    await client.end()
    await owner.query(`drop database ${name}`)
    await owner.end()
  })
  return {
    async run(query) {
      // An array when the text holds several statements.
      const result: pg.QueryResult | pg.QueryResult[] = await client.query(query)
      return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? []
    },
  }
}

/** What a role may do in the schemas: `schema.table VERB`, `schema.function EXECUTE`, `schema USAGE`. */
export async function rightsOf({ run }: FreshDatabase, role: string): Promise<unknown[]> {
  const rows = await run(`
    select c.oid::regclass || ' ' || verb as may from pg_class as c,
      unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as verb
      where c.relnamespace in ('app'::regnamespace, 'iam'::regnamespace) and c.relkind = 'r'
        and has_table_privilege('${role}', c.oid, verb)
    union all select pronamespace::regnamespace || '.' || proname || ' EXECUTE' from pg_proc
      where pronamespace in ('app'::regnamespace, 'iam'::regnamespace) and has_function_privilege('${role}', oid, 'EXECUTE')
    union all select 'iam. USAGE' where has_schema_privilege('${role}', 'iam', 'USAGE')`)
  return rows.map(({ may }) => may)
}
