import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { openPglite } from '../../supabase/local/pglite.mjs'
import { supabase } from './supabase.js'

/** An empty database that ends with the test. */
export interface FreshDatabase {
  run(query: string): Promise<readonly Record<string, unknown>[]>
  /** Where to connect once more; PGlite has no such place. */
  readonly url?: string
}

/** On the engine of this run. A Postgres has Supabase's roles already; PGlite has none before {@link bootstrap}. */
export async function freshDatabase(): Promise<FreshDatabase> {
  return supabase.databaseUrl === undefined ? onPglite() : onPostgres(supabase.databaseUrl)
}

/** What a Supabase project has before any migration. */
export const bootstrap = readFileSync(new URL('../../supabase/local/bootstrap.sql', import.meta.url), 'utf8')

const folder = new URL('../../supabase/migrations/', import.meta.url)
const folderBefore = new URL('./before/', import.meta.url)

/** The migrations in their order, each as a text that runs in a transaction of its own. */
export const migrations: readonly { readonly name: string; readonly sql: string }[] = readdirSync(folder)
  .filter((name) => name.endsWith('.sql'))
  .sort()
  .map((name) => ({ name, sql: readFileSync(new URL(name, folder), 'utf8') }))

/** Runs all migrations. */
export async function migrate({ run }: FreshDatabase): Promise<void> {
  for (const { sql } of migrations) await run(sql)
}

/** What was in the repository before turns had ids: an unpublished version that may have been run all the same. */
export const migrationsBefore: readonly string[] = readdirSync(folderBefore)
  .sort()
  .map((name) => readFileSync(new URL(name, folderBefore), 'utf8'))

async function onPglite(): Promise<FreshDatabase> {
  const { pglite, close } = await openPglite(undefined)
  onTestFinished(close)
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
    await owner.query(`drop database ${name} with (force)`)
    await owner.end()
  })
  return {
    url: own.href,
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
