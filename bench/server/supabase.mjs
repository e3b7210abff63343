// What a turn's start and end cost in Supabase beside a plain select and upsert, and what a million stored rows change.

import { createClient } from '@supabase/supabase-js'
import { supabaseAgentSessions, tabKey } from 'leftoff/server'
import pg from 'pg'
import { createLocalSupabase } from '../../supabase/local/local-supabase.mjs'
import { createPostgresCluster } from '../../test/supabase/postgres-cluster.mjs'
import { median } from '../median.mjs'
import { textTable } from '../table.mjs'
import { alternate } from './alternate.mjs'

const workspace = 'demo.alive.best'

/** @param {{ rows: number, rounds: number }} counts */
export async function benchSupabase(counts) {
  const cluster = await createPostgresCluster()
  try {
    await cluster.start()
    await bench(cluster, counts)
  } finally {
    await cluster.end()
  }
}

/**
 * @param {Awaited<ReturnType<typeof createPostgresCluster>>} cluster
 * @param {{ rows: number, rounds: number }} counts
 */
async function bench(cluster, { rows, rounds }) {
  const local = await createLocalSupabase({ jwtSecret: 'x'.repeat(32), databaseUrl: cluster.url() })
  const db = new pg.Client({ connectionString: cluster.url() })
  await db.connect()
  await db.query('insert into app.domains (hostname) values ($1)', [workspace])
  await addPlainVerbs(db)
  let requests = 0
  const client = createClient('http://localhost', local.serviceRoleKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      fetch: (input, init) => {
        requests += 1
        return local.fetch(new Request(input, init))
      },
    },
    realtime: { transport: /** @type {any} */ (class NoRealtime {}) },
  })
  const sessions = supabaseAgentSessions({ client })
  const key = tabKey({ userId: 'u1', workspace, tabId: 'measured' })
  await sessions.set(key, 'agent session')
  let leaseId = ''
  const begin = () => {
    leaseId = crypto.randomUUID()
    return sessions.beginTurn(key, { leaseId, leaseMs: 60_000, turnId: crypto.randomUUID(), messageHash: 'hash' })
  }
  const end = () => sessions.endTurn(key, leaseId, { agentSessionId: 'agent session', outcome: 'done' })
  const { rows: domains } = await db.query('select domain_id from app.domains')
  const plain = { p_user_id: 'u1', p_domain_id: domains[0].domain_id, p_tab_id: 'measured' }
  const select = () => client.schema('iam').rpc('bench_select', plain)
  const upsert = () => client.schema('iam').rpc('bench_upsert', plain)

  requests = 0
  await begin()
  await end()
  const perTurn = requests

  const few = await alternate({ begin, select, end, upsert }, rounds)
  const started = performance.now()
  await fill(db, rows)
  console.log(`${rows.toLocaleString('en-US')} rows in ${Math.round(performance.now() - started)} ms`)
  const many = await alternate({ begin, select, end, upsert }, rounds)

  const ms = (/** @type {number} */ value) => `${value.toFixed(2)} ms`
  console.log(`requests for the start and the end of a warm turn: ${perTurn}`)
  console.log(
    textTable([
      ['median', 'one row', `${rows.toLocaleString('en-US')} rows`, 'ratio'],
      ...Object.keys(few).map((name) => {
        const [before = 0, after = 0] = [few[name], many[name]]
        return [name, ms(before), ms(after), (after / before).toFixed(2)]
      }),
    ]),
  )
  await showPlans(db)
  await purge(db)
  await db.end()
  await local.close()
}

/** A plain select and upsert of the same row, through the same HTTP. @param {pg.Client} db */
async function addPlainVerbs(db) {
  await db.query(`
    create function iam.bench_select(p_user_id text, p_domain_id uuid, p_tab_id text) returns text
    language sql stable as $$
      select sdk_session_id from iam.sessions where user_id = p_user_id and domain_id = p_domain_id and tab_id = p_tab_id
    $$;
    create function iam.bench_upsert(p_user_id text, p_domain_id uuid, p_tab_id text) returns void
    language sql as $$
      insert into iam.sessions (user_id, domain_id, tab_id, sdk_session_id) values (p_user_id, p_domain_id, p_tab_id, 'x')
      on conflict (user_id, domain_id, tab_id) do update set sdk_session_id = excluded.sdk_session_id
    $$;
    grant execute on function iam.bench_select, iam.bench_upsert to service_role`)
}

/** Other users' rows, a tenth of them expired. @param {pg.Client} db @param {number} rows */
async function fill(db, rows) {
  await db.query(
    `insert into iam.sessions (user_id, domain_id, tab_id, sdk_session_id, expires_at)
     select 'user ' || n / 10, domain_id, 'tab ' || n, gen_random_uuid(),
       clock_timestamp() + case when n % 10 = 0 then -interval '25 hours' else interval '20 hours' end
     from generate_series(1, $1::integer) as n, app.domains`,
    [rows],
  )
  await db.query('vacuum analyze iam.sessions')
}

/** @param {pg.Client} db */
async function showPlans(db) {
  const plans = {
    'a tab key': `select * from iam.sessions where user_id = 'user 5' and domain_id = (select domain_id from app.domains)
      and tab_id = 'tab 55'`,
    'a batch of the purge': `select user_id, domain_id, tab_id from iam.sessions where expires_at <= now() - interval '24 hours'
      and (lease_until is null or lease_until <= now())
      order by expires_at limit 10000 for update skip locked`,
  }
  for (const [name, query] of Object.entries(plans)) {
    const { rows: lines } = await db.query(`explain ${query}`)
    const plan = lines.map((line) => line['QUERY PLAN']).join('\n')
    console.log(`${name}: ${/Index.* Scan using (\S+)/.exec(plan)?.[0] ?? plan}`)
  }
}

/** @param {pg.Client} db */
async function purge(db) {
  const batches = []
  let lastMs = 0
  for (;;) {
    const start = performance.now()
    const { rows: answer } = await db.query('select iam.purge_expired_sessions() as purged')
    lastMs = performance.now() - start
    if (answer[0].purged === 0) break
    batches.push({ purged: answer[0].purged, ms: lastMs })
  }
  const total = batches.reduce((sum, { purged }) => sum + purged, 0)
  console.log(
    `purge: ${total} rows in ${batches.length} batches, the median one ${Math.round(median(batches.map(({ ms }) => ms)))} ms; ${lastMs.toFixed(1)} ms with nothing left`,
  )
}
