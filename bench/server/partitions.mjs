// What a turn's start and end cost over millions of rows in hash partitions, beside the same on an empty table.

import { readdirSync, readFileSync } from 'node:fs'
import { postgresAgentSessions, tabKey } from 'leftoff/server'
import pg from 'pg'
import { createPostgresCluster } from '../../test/supabase/postgres-cluster.mjs'
import { textTable } from '../table.mjs'
import { alternate } from './alternate.mjs'

const workspace = 'demo.alive.best'
const migrations = new URL('../../supabase/migrations/', import.meta.url)

/** @param {{ rows: number, rounds: number }} counts */
export async function benchPartitions({ rows, rounds }) {
  const cluster = await createPostgresCluster({ max_wal_size: '4GB', synchronous_commit: 'off' })
  try {
    await cluster.start()
    const full = await openPartitioned(cluster.url(), 'full')
    const empty = await openPartitioned(cluster.url(), 'empty')
    const started = performance.now()
    await fill(full.pool, rows)
    console.log(`${rows.toLocaleString('en-US')} rows in ${Math.round((performance.now() - started) / 1000)} s`)

    const calls = { ...callsOf(full, 'full'), ...callsOf(empty, 'empty') }
    const took = await alternate(calls, rounds)
    const ms = (/** @type {number} */ value) => `${value.toFixed(2)} ms`
    console.log(
      textTable([
        ['median', 'empty table', `${rows.toLocaleString('en-US')} rows`, 'ratio'],
        ...['beginTurn', 'endTurn'].map((verb) => {
          const [before = 0, after = 0] = [took[`${verb} empty`], took[`${verb} full`]]
          return [verb, ms(before), ms(after), (after / before).toFixed(2)]
        }),
      ]),
    )
    const { rows: sizes } = await full.pool.query(
      `select sum(pg_table_size(relid)) as heap, sum(pg_indexes_size(relid)) as indexes from pg_partition_tree('iam.sessions')`,
    )
    const perRow = (/** @type {string} */ bytes) => `${Math.round(Number(bytes) / rows)} bytes`
    console.log(`a row takes ${perRow(sizes[0].heap)} and ${perRow(sizes[0].indexes)} of indexes`)
    await Promise.all([full, empty].map(({ pool }) => pool.end()))
  } finally {
    await cluster.end()
  }
}

/** @param {string} url @param {string} name */
async function openPartitioned(url, name) {
  const admin = new pg.Client(url)
  await admin.connect()
  await admin.query(`create database ${name}_rows`)
  await admin.end()
  const own = new URL(url)
  own.pathname = `${name}_rows`
  const pool = new pg.Pool({ connectionString: own.href })
  const [domains = '', ...others] = readdirSync(migrations)
    .sort()
    .map((file) => readFileSync(new URL(file, migrations), 'utf8'))
  await pool.query(domains)
  await pool.query(`create schema if not exists iam;
    create table iam.sessions (
      user_id text not null, domain_id uuid not null references app.domains on delete cascade, tab_id text not null,
      primary key (user_id, domain_id, tab_id)
    ) partition by hash (user_id)`)
  for (let n = 0; n < 8; n += 1) {
    await pool.query(
      `create table iam.sessions_${n} partition of iam.sessions for values with (modulus 8, remainder ${n})`,
    )
  }
  for (const sql of others) await pool.query(sql)
  const sessions = postgresAgentSessions({ query: async (sql, params) => (await pool.query(sql, [...params])).rows })
  const keys = Array.from({ length: 100 }, (_, n) => tabKey({ userId: `measured ${n}`, workspace, tabId: 't' }))
  for (const key of keys) await sessions.set(key, 'agent session')
  return { pool, sessions, keys }
}

/** @param {Awaited<ReturnType<typeof openPartitioned>>} on @param {string} name */
function callsOf({ sessions, keys }, name) {
  let turn = 0
  let leaseId = ''
  const key = () => keys[turn % keys.length] ?? tabKey({ userId: 'u', workspace, tabId: 't' })
  return {
    [`beginTurn ${name}`]: () => {
      turn += 1
      leaseId = crypto.randomUUID()
      return sessions.beginTurn(key(), { leaseId, leaseMs: 60_000, turnId: crypto.randomUUID(), messageHash: 'hash' })
    },
    [`endTurn ${name}`]: () => sessions.endTurn(key(), leaseId, { agentSessionId: 'agent session', outcome: 'done' }),
  }
}

/** Other users' rows, ten each. @param {pg.Pool} pool @param {number} rows */
async function fill(pool, rows) {
  const batch = 250_000
  for (let from = 1; from <= rows; from += batch) {
    await pool.query(
      `insert into iam.sessions (user_id, domain_id, tab_id, sdk_session_id, turns, last_activity, expires_at)
       select 'user ' || n / 10, domain_id, 'tab ' || n, gen_random_uuid(), array['d18f0000000ahash.' || gen_random_uuid()], now(),
         now() + interval '20 hours'
       from generate_series($1::integer, $2::integer) as n, app.domains`,
      [from, Math.min(from + batch - 1, rows)],
    )
  }
  await pool.query('vacuum analyze iam.sessions')
  await pool.query('checkpoint')
}
