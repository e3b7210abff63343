import { expect, it } from 'vitest'
import { bootstrap, freshDatabase, migrate, rightsOf } from './fresh-database.js'

// A Postgres cluster has its roles for all its databases, so that a database without them is to be had in PGlite only.
it('the migrations run twice without the roles of Supabase, and once more with them', { timeout: 60_000 }, async () => {
  const database = await freshDatabase()
  await migrate(database)
  await migrate(database)
  const policies = () => database.run("select policyname from pg_policies where tablename = 'conversation_sessions'")
  expect(await policies()).toEqual([{ policyname: 'server_acts_for_all_users' }])
  await database.run(bootstrap)
  await migrate(database)
  expect(await policies()).toHaveLength(5)
  expect(await rightsOf(database, 'service_role')).toContain('app.domains INSERT')
})
