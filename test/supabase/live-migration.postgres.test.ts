import { readFileSync } from 'node:fs'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { postgresAgentSessions, tabKey } from '../../src/server/index.js'
import { withPg } from './drivers.js'
import {
  bootstrap,
  type FreshDatabase,
  freshDatabase,
  migrate,
  migrations,
  migrationsBefore,
} from './fresh-database.js'

// The migrations over a table of 200,000 rows that is in use. Whoever uses it gives up after waiting 100 ms for a lock.

const rows = 200_000
const domainId = '00000000-0000-4000-8000-000000000001'

/** A table as hand-written code has it, without anything of a turn. */
const olderTable = `
  create schema app; create schema iam;
  create table app.domains (domain_id uuid primary key, hostname text unique);
  insert into app.domains values ('${domainId}', 'demo');
  create table iam.sessions (
    user_id text not null, domain_id uuid not null references app.domains, tab_id text not null,
    sdk_session_id text not null, last_activity timestamptz default now(), unique (user_id, domain_id, tab_id)
  );
  insert into iam.sessions select 'user ' || n, '${domainId}', 'tab', gen_random_uuid()::text, now()
    from generate_series(1, ${rows}) as n;`

/** What that code does in a turn. */
const olderTurn = `
  with read as (select sdk_session_id from iam.sessions where user_id = $1 and domain_id = '${domainId}' and tab_id = 'tab')
  insert into iam.sessions (user_id, domain_id, tab_id, sdk_session_id)
    values ($1, '${domainId}', 'tab', coalesce((select sdk_session_id from read), 'new'))
    on conflict (user_id, domain_id, tab_id) do update set sdk_session_id = excluded.sdk_session_id, last_activity = now()`

/** The table of the unpublished version before, with leases held and its own turns. */
const rowsBefore = `
  insert into app.domains values ('${domainId}', 'demo');
  insert into iam.sessions (user_id, domain_id, tab_id, sdk_session_id, lease_id, lease_until)
    select 'user ' || n, '${domainId}', 'tab', gen_random_uuid()::text,
      case when n % 100 = 0 then gen_random_uuid() end, case when n % 100 = 0 then now() + interval '1 minute' end
    from generate_series(1, ${rows}) as n;`

/** A turn by the functions of that version, called as its servers call them: by name. */
const turnBefore = `
  select iam.begin_turn(p_user_id => $1, p_domain_id => '${domainId}', p_hostname => 'demo', p_tab_id => 'new',
      p_lease_id => $2, p_lease_ms => 30000, p_expiry_ms => 864e5) ->> 'status' as status
  union all select iam.renew_turn(p_user_id => $1, p_domain_id => '${domainId}', p_hostname => 'demo', p_tab_id => 'new',
      p_lease_id => $2, p_lease_ms => 30000, p_expiry_ms => 864e5) ->> 'status'
  union all select iam.end_turn(p_user_id => $1, p_domain_id => '${domainId}', p_hostname => 'demo', p_tab_id => 'new',
      p_lease_id => $2, p_expiry_ms => 864e5, p_agent_session_id => 'a') ->> 'status'`

/** Turns that go on until they are ended, on four connections of their own. */
async function keepRunning(url: string, turn: (client: pg.Client, n: number) => Promise<void>) {
  const failures: unknown[] = []
  let turns = 0
  let isOver = false
  const loops = Array.from({ length: 4 }, async (_, loop) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(`set lock_timeout = '100ms'`)
    for (let n = 0; !isOver && failures.length < 100; n += 1) {
      await turn(client, loop + 4 * n).catch((error: unknown) => failures.push(error))
      turns += 1
    }
    await client.end()
  })
  const end = async () => {
    isOver = true
    await Promise.all(loops)
    return { turns }
  }
  onTestFinished(async () => {
    await end() // also when the test failed
  })
  return { failures, end }
}

const fileOf = async ({ run }: FreshDatabase) =>
  (await run(`select pg_relation_filenode('iam.sessions') as file`))[0]?.file

/** Runs the migrations on a connection of its own, which hears the notices. */
async function migrateFrom(
  url: string,
  { upTo = migrations.length }: { upTo?: number } = {},
): Promise<readonly string[]> {
  const client = new pg.Client(url)
  const notices: string[] = []
  client.on('notice', ({ message }) => notices.push(message ?? ''))
  await client.connect()
  for (const { sql } of migrations.slice(0, upTo)) await client.query(`begin;\n${sql}\n;commit`)
  await client.end()
  return notices
}

describe('the migrations over an older table of 200,000 rows that is in use', () => {
  it('rewrite nothing and fail no turn, also when they are stopped in the middle and run again', async () => {
    const database = await freshDatabase()
    const url = database.url ?? ''
    await database.run(bootstrap)
    await database.run(olderTable)
    const file = await fileOf(database)
    const turns = await keepRunning(
      url,
      async (client, n) => void (await client.query(olderTurn, [`user ${n % 1000}`])),
    )
    await migrateFrom(url, { upTo: 5 })
    const notices = await migrateFrom(url)
    await migrateFrom(url)

    // The indexes that only a statement of its own can make while turns run. The notices have them.
    const statements = notices.flatMap((notice) => notice.match(/drop index .*;$/g) ?? [])
    expect(statements).toHaveLength(2)
    const client = new pg.Client(url)
    await client.connect()
    for (const statement of statements.flatMap((text) => text.split(';')).filter((text) => text.trim() !== '')) {
      await client.query(statement)
    }
    await client.end()
    expect((await migrateFrom(url)).filter((notice) => notice.includes('create index'))).toEqual([])
    const { turns: count } = await turns.end()
    expect(turns.failures).toEqual([])
    expect(count).toBeGreaterThan(100)
    expect(await fileOf(database)).toBe(file)

    // And all of it is there: a row of the older code is resumed, and expires 24 h after its last activity.
    const { query, close } = withPg(url)
    onTestFinished(close)
    const sessions = postgresAgentSessions({ query })
    const keyOf = (userId: string) => tabKey({ userId, workspace: 'demo', tabId: 'tab' })
    const turn = { leaseId: crypto.randomUUID(), leaseMs: 30_000, turnId: 'turn', messageHash: 'hash' }
    expect(await sessions.beginTurn(keyOf('user 5000'), turn)).toMatchObject({ ok: true, expired: false })
    await database.run(
      `update iam.sessions set last_activity = last_activity - interval '25 hours' where user_id = 'user 5001'`,
    )
    expect(await sessions.get(keyOf('user 5001'))).toBeUndefined()
    expect(await sessions.beginTurn(keyOf('user 5001'), turn)).toEqual({ ok: true, expired: true })
    // The purge dates rows without a date, in batches, and takes what is older than that.
    await database.run(
      `update iam.sessions set last_activity = now() - interval '49 hours' where user_id like 'user 7%'`,
    )
    const [expired] = await database.run(`select count(*)::int as rows from iam.sessions where user_id like 'user 7%'`)
    let purged = 0
    for (let batch = 1; batch > 0; purged += batch) {
      batch = Number((await database.run('select iam.purge_expired_sessions(20000) as n'))[0]?.n)
    }
    expect(purged).toBeGreaterThanOrEqual(rows)
    expect(await database.run(`select 1 from iam.sessions where user_id like 'user 7%' or expires_at is null`)).toEqual(
      [],
    )
    expect(Number(expired?.rows)).toBeGreaterThan(10_000)
  }, 120_000)

  it('wait for a reader who holds the table for a second, and let turns pass', async () => {
    const database = await freshDatabase()
    const url = database.url ?? ''
    await database.run(bootstrap)
    await database.run(olderTable)
    const reader = new pg.Client(url)
    await reader.connect()
    await reader.query('begin; select count(*) from iam.sessions')
    const turns = await keepRunning(
      url,
      async (client, n) => void (await client.query(olderTurn, [`user ${n % 1000}`])),
    )
    const migrated = migrateFrom(url)
    // Until the migration has tried a few times and given way.
    await expect
      .poll(async () => (await database.run(waiting)).length, { interval: 20, timeout: 20_000 })
      .toBeGreaterThan(0)
    await expect.poll(async () => (await database.run(waiting)).length, { interval: 20, timeout: 20_000 }).toBe(0)
    await reader.query('commit')
    await reader.end()
    await migrated
    await turns.end()
    // A turn that comes while the migration waits does so behind it, for 100 ms at most: it may just miss its own limit.
    const missed = turns.failures.filter((error) => !(error instanceof pg.DatabaseError && error.code === '55P03'))
    expect(missed).toEqual([])
    expect(
      await database.run(
        `select 1 as has from pg_attribute where attrelid = 'iam.sessions'::regclass and attname = 'turns'`,
      ),
    ).toEqual([{ has: 1 }])
  }, 120_000)
})

const waiting = `select 1 as is_waiting from pg_locks where relation = 'iam.sessions'::regclass and not granted and mode = 'AccessExclusiveLock'`

describe('the migrations over the version before, while its servers run', () => {
  it('rewrite nothing, fail no turn of theirs, and keep the leases that are held', async () => {
    const database = await freshDatabase()
    const url = database.url ?? ''
    await database.run(bootstrap)
    for (const sql of migrationsBefore) await database.run(sql)
    await database.run(rowsBefore)
    const file = await fileOf(database)
    const turns = await keepRunning(url, async (client, n) => {
      const { rows } = await client.query(turnBefore, [`user ${n}`, crypto.randomUUID()])
      expect(rows).toEqual(Array(3).fill({ status: 'ok' }))
    })
    await migrateFrom(url, { upTo: 4 })
    await migrateFrom(url)
    await migrate(database)
    const { turns: count } = await turns.end()
    expect(turns.failures).toEqual([])
    expect(count).toBeGreaterThan(100)
    expect(await fileOf(database)).toBe(file)

    const { query, close } = withPg(url)
    onTestFinished(close)
    const sessions = postgresAgentSessions({ query })
    const key = tabKey({ userId: 'user 100', workspace: 'demo', tabId: 'tab' })
    const turn = { leaseId: crypto.randomUUID(), leaseMs: 30_000, turnId: 'turn', messageHash: 'hash' }
    expect(await sessions.beginTurn(key, turn)).toMatchObject({ ok: false, turn: { state: 'running' } })
    // Their turns are noted as well, under ids that nobody can know.
    const states = await database.run(
      `select distinct left(turns[1], 1) as state from iam.sessions where turns is not null and lease_id is null`,
    )
    expect(states).toEqual([{ state: 'd' }])
  }, 120_000)
})

// The fixtures are what was in the repository, not what fits this test.
it('the version before is recognised by what it lacks', () => {
  expect(migrationsBefore).toHaveLength(4)
  for (const sql of migrationsBefore) expect(sql).not.toMatch(/leftoff_server|p_turn_id/)
  expect(readFileSync(new URL('./before/20261123000200_agent_session_verbs.sql', import.meta.url), 'utf8')).toContain(
    'iam.busy',
  )
})
