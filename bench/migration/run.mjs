// What the migrations do to a table of a million rows that is in use: how long turns wait for them, and what is rewritten. Needs Postgres.

import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { createPostgresCluster } from '../../test/supabase/postgres-cluster.mjs'
import { median } from '../median.mjs'
import { textTable } from '../table.mjs'

const usage = `Usage: npm run bench -- migration [--quick]
  --quick  20,000 rows instead of a million, to try the bench out
It needs an installed Postgres. Its figures stand in docs/benchmarks/server.md, written by hand.`

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const rows = flags.quick ? 20_000 : 1_000_000
const domainId = '00000000-0000-4000-8000-000000000001'
const folder = new URL('../../supabase/migrations/', import.meta.url)

if (flags.help) console.log(usage)
else await run()

async function run() {
  const cluster = await createPostgresCluster()
  try {
    await cluster.start()
    await bench(cluster.url())
  } finally {
    await cluster.end()
  }
}

/** @param {string} url */
async function bench(url) {
  const db = await connect(url)
  await db.query(`
    create schema app; create schema iam;
    create table app.domains (domain_id uuid primary key, hostname text unique);
    insert into app.domains values ('${domainId}', 'demo');
    create table iam.sessions (
      user_id text not null, domain_id uuid not null references app.domains, tab_id text not null,
      sdk_session_id text not null, last_activity timestamptz default now(), unique (user_id, domain_id, tab_id)
    );
    insert into iam.sessions select 'user ' || n, '${domainId}', 'tab', gen_random_uuid()::text, now()
      from generate_series(1, ${rows}) as n`)
  await db.query('vacuum analyze iam.sessions')
  const fileOf = async () => (await db.query(`select pg_relation_filenode('iam.sessions') as file`)).rows[0].file
  const file = await fileOf()

  const before = await turnsDuring(url, () => new Promise((resolve) => setTimeout(resolve, 3_000)))
  /** @type {string[]} */
  const notices = []
  let migratedMs = 0
  const during = await turnsDuring(url, async () => {
    const client = await connect(url)
    client.on('notice', ({ message }) => notices.push(message ?? ''))
    const start = performance.now()
    for (const name of readdirSync(folder).sort()) {
      await client.query(`begin;\n${readFileSync(new URL(name, folder), 'utf8')}\n;commit`)
    }
    migratedMs = performance.now() - start
    await client.end()
  })
  const statements = notices.flatMap((notice) => notice.match(/create index concurrently .*;$/g) ?? [])
  const indexing = await turnsDuring(url, async () => {
    for (const statement of statements) await db.query(statement)
  })

  const count = rows.toLocaleString('en-US')
  const isSame = (await fileOf()) === file
  console.log(`${count} rows: migrated in ${Math.round(migratedMs)} ms, ${isSame ? 'not rewritten' : 'REWRITTEN'}`)
  console.log(
    textTable([
      ['', 'turns', 'failed', 'median', 'longest', 'seen waiting for a lock'],
      row('nothing else running', before),
      row('during the migrations', during),
      row(`during ${statements.length} × create index concurrently`, indexing),
    ]),
  )
  await db.end()
  if (!isSame || during.failed > 0 || indexing.failed > 0) process.exitCode = 1
}

/** @param {string} name @param {Awaited<ReturnType<typeof turnsDuring>>} of */
function row(name, { turns, failed, medianMs, longestMs, waiting }) {
  return [name, `${turns}`, `${failed}`, `${medianMs.toFixed(2)} ms`, `${longestMs.toFixed(1)} ms`, `${waiting}`]
}

/**
 * Turns as older code has them, on four connections that wait 100 ms for a lock and no longer, for as long as `work` takes.
 *
 * @param {string} url
 * @param {() => Promise<unknown>} work
 */
async function turnsDuring(url, work) {
  /** @type {number[]} */
  const took = []
  let failed = 0
  let isOver = false
  const loops = Array.from({ length: 4 }, async (_, loop) => {
    const client = await connect(url)
    await client.query(`set lock_timeout = '100ms'`)
    for (let n = loop; !isOver; n += 4) {
      const start = performance.now()
      await client
        .query(
          `update iam.sessions set sdk_session_id = $2, last_activity = now()
           where user_id = $1 and domain_id = '${domainId}' and tab_id = 'tab'`,
          [`user ${(n * 7919) % rows}`, `session ${n}`],
        )
        .catch(() => {
          failed += 1
        })
      took.push(performance.now() - start)
    }
    await client.end()
  })
  const waiting = watchLocks(url)
  await work()
  isOver = true
  await Promise.all(loops)
  return {
    turns: took.length,
    failed,
    medianMs: median(took),
    longestMs: took.reduce((most, ms) => Math.max(most, ms), 0),
    waiting: await waiting.end(),
  }
}

/** How many times a turn was seen waiting for the table, asked every few milliseconds. @param {string} url */
function watchLocks(url) {
  let isOver = false
  let seen = 0
  const watching = (async () => {
    const client = await connect(url)
    while (!isOver) {
      const { rows } = await client.query(
        `select count(*)::int as waiting from pg_locks
         where relation = 'iam.sessions'::regclass and not granted and mode = 'RowExclusiveLock'`,
      )
      seen += rows[0].waiting
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await client.end()
  })()
  return {
    async end() {
      isOver = true
      await watching
      return seen
    },
  }
}

/** @param {string} url */
async function connect(url) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}
