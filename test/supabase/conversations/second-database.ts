import { bootstrap, type FreshDatabase, freshDatabase } from '../../supabase/fresh-database.js'
import { secondSchema, sharedSchema } from './second-schema.js'

/** A database of its own that has run all migrations, with Supabase's roles unless told otherwise. */
export async function secondDatabase({ isPartitioned = false, hasRoles = true } = {}): Promise<FreshDatabase> {
  const database = await freshDatabase()
  if (hasRoles) await database.run(bootstrap)
  if (isPartitioned) await database.run(partitioned)
  await migrate(database)
  return database
}

/** Runs all migrations, in their order. */
export async function migrate({ run }: FreshDatabase): Promise<void> {
  for (const { text } of [...sharedSchema, ...secondSchema]) await run(text)
}

// As a large app would make the table before it runs the migrations.
const partitioned = `
  create schema app;
  ${/create table[^;]+;/.exec(secondSchema[0]?.text ?? '')?.[0].replace(/;$/, ' partition by hash (user_id);')}
  ${Array.from(
    { length: 4 },
    (_, n) =>
      `create table app.conversation_sessions_${n} partition of app.conversation_sessions
         for values with (modulus 4, remainder ${n});`,
  ).join('\n')}`
