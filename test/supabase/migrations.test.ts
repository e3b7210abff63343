import { describe, expect, it } from 'vitest'
import { bootstrap, type FreshDatabase, freshDatabase, migrate, rightsOf } from './fresh-database.js'
import { lints } from './lints.js'

const timeout = 60_000 // a PGlite of its own takes seconds to make

describe('the migrations', { timeout }, () => {
  it('run twice, and keep every row', async () => {
    const database = await migrated()
    await database.run(`
      insert into app.domains (hostname) values ('demo');
      insert into iam.sessions (user_id, domain_id, tab_id, sdk_session_id)
        select 'u1', iam.find_domain('demo'), 't1', 'a'`)
    await migrate(database)
    expect(await database.run(`select sdk_session_id from iam.sessions`)).toEqual([{ sdk_session_id: 'a' }])
  })

  it.each(['text', 'uuid'])('run over an older iam.sessions whose domain id is %s: its ids resume', async (type) => {
    const database = await freshDatabase()
    await database.run(bootstrap)
    await database.run(`
      create schema app;
      create schema iam;
      create table app.domains (domain_id ${type} primary key, hostname text unique, owner text);
      create table iam.sessions (
        user_id text not null, domain_id ${type} not null references app.domains, tab_id text not null,
        sdk_session_id text not null, last_activity timestamptz default now(), expires_at timestamptz,
        unique (domain_id, user_id, tab_id)
      );
      grant usage on schema iam to authenticated;
      grant select, insert on iam.sessions to anon, authenticated;
      insert into app.domains values ('${domainId}', 'demo', 'someone');
      insert into iam.sessions values
        ('u1', '${domainId}', 't1', 'a', now() - interval '23 hours', null),
        ('u1', '${domainId}', 't2', 'b', now() - interval '25 hours', null);`)
    await migrate(database)
    await migrate(database)
    const begin = (tabId: string) =>
      database.run(
        `select iam.begin_turn('u1', iam.find_domain('demo'), 'demo', '${tabId}', gen_random_uuid(), 3e4, 864e5, 'turn', 'hash')`,
      )
    expect(await begin('t1')).toEqual([{ begin_turn: { status: 'ok', agentSessionId: 'a', expired: false } }])
    expect(await begin('t2')).toEqual([{ begin_turn: { status: 'ok', expired: true } }])
    expect(await database.run('select owner from app.domains')).toEqual([{ owner: 'someone' }])
    expect(await rightsOf(database, 'authenticated')).not.toContainEqual(expect.stringContaining('iam.'))
    expect(await rightsOf(database, 'anon')).toEqual([])
  })

  it('schedule the purges where pg_cron is', async () => {
    const database = await migrated()
    await database.run(`
      create schema cron;
      create table cron.job (jobname text primary key, schedule text, command text);
      create function cron.schedule(text, text, text) returns void language sql as $$
        insert into cron.job values ($1, $2, $3) on conflict (jobname) do update set command = excluded.command
      $$;`)
    await migrate(database)
    await migrate(database)
    expect(await database.run('select command from cron.job order by command')).toEqual([
      { command: 'select app.purge_conversation_sessions(90)' },
      { command: 'select iam.purge_expired_sessions()' },
      { command: 'select iam.purge_turn_logs()' },
    ])
  })

  it('say in a comment what each of their objects is for', async () => {
    const database = await migrated()
    const silent = await database.run(`
      with ours as (select oid from pg_namespace where nspname in ('app', 'iam'))
      select relname as name from pg_class
        where relnamespace in (select oid from ours) and relkind = 'r' and obj_description(oid, 'pg_class') is null
      union all select proname from pg_proc
        where pronamespace in (select oid from ours) and obj_description(oid, 'pg_proc') is null
      union all select nspname from pg_namespace
        where oid in (select oid from ours) and obj_description(oid, 'pg_namespace') is null
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

  it("give Supabase's database linter nothing to report", async () => {
    const database = await migrated()
    for (const [name, query] of Object.entries(lints)) expect(await database.run(query), name).toEqual([])
    // And the linter is awake.
    await database.run(`
      create table app.bad (user_id text, domain_id uuid references app.domains);
      create index bad_1 on app.bad (user_id);
      create index bad_2 on app.bad (user_id);
      create table iam.bad (id text);
      alter table iam.bad enable row level security;
      create policy bad_1 on app.bad using (user_id = auth.jwt() ->> 'user_metadata');
      create policy bad_2 on app.bad for insert with check (true);
      create function app.bad() returns int language sql security definer as 'select 1';
      grant execute on function app.bad to anon;`)
    for (const [name, query] of Object.entries(lints)) expect(await database.run(query), name).not.toEqual([])
  })
})

const domainId = '00000000-0000-4000-8000-000000000001'

async function migrated(): Promise<FreshDatabase> {
  const database = await freshDatabase()
  await database.run(bootstrap)
  await migrate(database)
  return database
}
