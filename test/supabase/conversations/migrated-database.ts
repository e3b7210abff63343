import { readFileSync } from 'node:fs'
import { bootstrap, type FreshDatabase, freshDatabase, migrate } from '../fresh-database.js'

/** A database of its own that has run all migrations, with Supabase's roles. */
export async function migratedDatabase({ isPartitioned = false } = {}): Promise<FreshDatabase> {
  const database = await freshDatabase()
  await database.run(bootstrap)
  if (isPartitioned) await database.run(partitions())
  await migrate(database)
  return database
}

/** The text of a migration. */
export function migrationText(name: string): string {
  return readFileSync(new URL(`../../../supabase/migrations/${name}.sql`, import.meta.url), 'utf8')
}

/** As a large app makes the table before it runs the migrations. */
function partitions(): string {
  const [table] = /create table[^;]+/.exec(migrationText('20261123000400_conversation_sessions')) ?? []
  if (!table) throw new Error('The migration creates no table.')
  const parts = [0, 1, 2, 3].map(
    (n) => `create table app.conversation_sessions_${n} partition of app.conversation_sessions
      for values with (modulus 4, remainder ${n});`,
  )
  return `create schema app; ${table} partition by hash (user_id); ${parts.join('\n')}`
}
