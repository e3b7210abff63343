import { describe, expect, it } from 'vitest'
import { migrate, rightsOf } from '../fresh-database.js'
import { migratedDatabase } from './migrated-database.js'

const timeout = 60_000 // a PGlite of its own takes seconds to make

describe('the migrations', { timeout }, () => {
  it('run twice, and keep every row', async () => {
    const database = await migratedDatabase()
    await database.run(`select app.save_sessions_of_user('u1', '[
      {"userId": "u1", "workspace": "w", "conversationId": "c1", "begins": 1, "counts": {"abcdefgh": {"messages": 2}}}
    ]')`)
    await migrate(database)
    expect(await database.run('select messages::int from app.conversation_sessions')).toEqual([{ messages: 2 }])
  })

  it('keep the schedule and the days that an app chose for the purge', async () => {
    const database = await migratedDatabase()
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

  it('let lists read an index, not the rows of others or of later versions', async () => {
    const { run } = await migratedDatabase()
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
    const database = await migratedDatabase()
    const verbs = ['list', 'get', 'save', 'remove', 'clear']
    const server = await rightsOf(database, 'leftoff_server')
    for (const verb of ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])
      expect(server).toContain(`app.conversation_sessions ${verb}`)
    for (const verb of verbs)
      expect(server).toContainEqual(expect.stringMatching(`app.${verb}_sessions?_of_user EXECUTE`))
    expect(server).not.toContainEqual(expect.stringMatching(/conversation_sessions? EXECUTE|app.purge/))
    const browser = await rightsOf(database, 'authenticated')
    for (const verb of verbs)
      expect(browser).toContainEqual(expect.stringMatching(`app.${verb}_conversation_sessions? EXECUTE`))
    expect(browser).not.toContainEqual(expect.stringMatching(/purge|iam/))
    expect(await rightsOf(database, 'anon')).toEqual([])
  })
})
