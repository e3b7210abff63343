import { describe, expect, it } from 'vitest'
import { rightsOf } from '../../supabase/fresh-database.js'
import { lints as firstLints } from '../../supabase/lints.js'
import { migrate, secondDatabase } from './second-database.js'

const timeout = 60_000 // a PGlite of its own takes seconds to make

describe('the migrations', { timeout }, () => {
  it('run twice, and keep every row', async () => {
    const database = await secondDatabase()
    await database.run(`select app.save_sessions_of_user('u1', '[
      {"userId": "u1", "workspace": "w", "conversationId": "c1", "begins": 1, "counts": {"abcdefgh": {"messages": 2}}}
    ]')`)
    await migrate(database)
    expect(await database.run('select messages::int from app.conversation_sessions')).toEqual([{ messages: 2 }])
  })

  it('schedule the purge where pg_cron is, and keep the days that an app chose', async () => {
    const database = await secondDatabase()
    await database.run(`
      create schema cron;
      create table cron.job (jobname text primary key, schedule text, command text);
      create function cron.schedule(text, text, text) returns void language sql as $$
        insert into cron.job values ($1, $2, $3) on conflict (jobname) do update set command = excluded.command
      $$;`)
    const job = () =>
      database.run("select command from cron.job where jobname = 'leftoff: purge conversation sessions'")
    await migrate(database)
    expect(await job()).toEqual([{ command: 'select app.purge_conversation_sessions(90)' }])
    await database.run(`select cron.schedule('leftoff: purge conversation sessions', '0 4 * * *', 'select 1')`)
    await migrate(database)
    expect(await job()).toEqual([{ command: 'select 1' }])
  })

  it('say in a comment what each of their objects is for', async () => {
    const { run } = await secondDatabase()
    const silent = await run(`
      with ours as (select oid from pg_namespace where nspname in ('app', 'iam'))
      select relname as name from pg_class
        where relnamespace in (select oid from ours) and relkind = 'r' and obj_description(oid, 'pg_class') is null
      union all select proname from pg_proc
        where pronamespace in (select oid from ours) and obj_description(oid, 'pg_proc') is null
      union all select polname from pg_policy where obj_description(oid, 'pg_policy') is null
      union all select conname from pg_constraint
        where connamespace in (select oid from ours) and contype = 'c' and obj_description(oid, 'pg_constraint') is null
      union all select c.relname from pg_index as i join pg_class as c on c.oid = i.indexrelid
        where c.relnamespace in (select oid from ours) and not i.indisunique and obj_description(c.oid, 'pg_class') is null
      union all select c.relname || '.' || a.attname from pg_attribute as a join pg_class as c on c.oid = a.attrelid
        where c.relnamespace in (select oid from ours) and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
          and col_description(c.oid, a.attnum) is null`)
    expect(silent).toEqual([])
  })

  it("give Supabase's database linter nothing to report, which is awake", async () => {
    const { run } = await secondDatabase()
    for (const [name, query] of Object.entries(lints)) expect(await run(query), name).toEqual([])
    await run(`
      create policy bad_1 on app.conversation_sessions for select to anon using (user_id = (select auth.jwt() ->> 'sub'));
      create policy bad_2 on app.conversation_sessions for update to anon using (true)`)
    expect(await run(lints.auth_rls_initplan ?? '')).toEqual([{ policyname: 'bad_1' }])
    expect(await run(lints.rls_policy_always_true ?? '')).toEqual([{ policyname: 'bad_2' }])
  })

  it('let lists read an index, not the rows of others or of later versions', async () => {
    const { run } = await secondDatabase()
    await run(`
      insert into app.conversation_sessions
        (user_id, conversation_id, workspace, started_at, activity_at, rank, messages, scopes, schema_version, saved_at)
      select 'u' || n % 5, 'c' || n, 'w' || n % 7, 1, 1, n, 1, '[]', 1 + n % 2, now() from generate_series(1, 5000) as n;
      analyze app.conversation_sessions;`)
    for (const [workspace, index] of [
      ['', 'conversation_sessions_newest'],
      [`and workspace = 'w1'`, 'conversation_sessions_newest_of_workspace'],
    ] as const) {
      const lines = await run(`explain select * from app.conversation_sessions
        where user_id = 'u1' and removed_at is null and schema_version = 1 ${workspace} and rank <= 4000
          and (rank < 4000 or conversation_id > 'c1')
        order by rank desc, conversation_id limit 11`)
      const plan = lines.map((line) => line['QUERY PLAN']).join('\n')
      expect(plan).toContain(`Index Scan using ${index} `)
      expect(plan).not.toContain('Sort')
    }
  })

  it('give the app’s own server the verbs that name a user and the table, no browser anything but its verbs', async () => {
    const database = await secondDatabase()
    const verbs = ['list', 'get', 'save', 'remove', 'clear']
    const server = await rightsOf(database, 'leftoff_server')
    for (const verb of ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])
      expect(server).toContain(`app.conversation_sessions ${verb}`)
    for (const verb of verbs)
      expect(server).toContainEqual(expect.stringMatching(`app.${verb}_sessions?_of_user EXECUTE`))
    expect(server).not.toContainEqual(expect.stringMatching(/conversation_sessions? EXECUTE|purge|iam/))
    const browser = await rightsOf(database, 'authenticated')
    for (const verb of verbs)
      expect(browser).toContainEqual(expect.stringMatching(`app.${verb}_conversation_sessions? EXECUTE`))
    expect(browser).not.toContainEqual(expect.stringMatching(/purge|iam/))
    expect(await rightsOf(database, 'anon')).toEqual([])
  })
})

/** As the linter of today has them: it wants `(select auth.jwt())` alone in brackets, and looks at browsers' roles only. */
const lints: Readonly<Record<string, string>> = {
  ...firstLints,
  auth_rls_initplan: `
    select policyname from pg_policies
    where schemaname in ('app', 'iam') and (
      qual ~ 'auth\\.(uid|jwt|role|email)\\(\\)' and qual !~* '\\( *select\\s+auth\\.(uid|jwt|role|email)\\(\\) as \\w+\\)'
      or with_check ~ 'auth\\.(uid|jwt|role|email)\\(\\)'
        and with_check !~* '\\( *select\\s+auth\\.(uid|jwt|role|email)\\(\\) as \\w+\\)'
    )`,
  rls_policy_always_true: `
    select policyname from pg_policies
    where schemaname in ('app', 'iam') and cmd <> 'SELECT' and (qual = 'true' or with_check = 'true')
      and roles && '{public,anon,authenticated}'`,
}
