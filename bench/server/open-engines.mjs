// The engines that keep sessions and turn logs, each with a plain command of its own.

import { readdirSync, readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  memoryAgentSessions,
  memoryTurnLog,
  postgresAgentSessions,
  postgresTurnLog,
  redisAgentSessions,
  redisTurnLog,
} from 'leftoff/server'
import pg from 'pg'
import { createClient } from 'redis'
import { createRedisServer } from '../../test/redis/redis-server.mjs'
import { createPostgresCluster } from '../../test/supabase/postgres-cluster.mjs'

/**
 * @typedef {object} Opened What one server process has.
 * @property {import('leftoff/server').AgentSessionStore} sessions
 * @property {import('leftoff/server').TurnLog} log
 * @property {() => number} requests How many so far.
 */

/**
 * @typedef {object} Engine
 * @property {string} name
 * @property {(clock?: import('leftoff/server').Clock) => Opened} open
 * @property {() => PromiseLike<unknown>} write A plain one.
 * @property {() => PromiseLike<unknown>} read A plain one.
 * @property {() => Promise<number>} bytes What it holds.
 * @property {() => Promise<(count: number) => Promise<string>>} meter What so many of something cost it.
 * @property {() => Promise<void>} close
 */

/** @type {readonly (() => Promise<Engine>)[]} */
export const openEngines = [openMemory, openRedis, openPostgres]

/** @returns {Promise<Engine>} */
async function openMemory() {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc')
  /** @type {Map<string, string>} */
  const plain = new Map()
  const shared = { sessions: memoryAgentSessions(), log: memoryTurnLog(), requests: () => 0 }
  return {
    name: 'Memory, beside a Map',
    open: () => shared,
    write: async () => plain.set('key', 'value'),
    read: async () => plain.get('key'),
    async bytes() {
      collectGarbage()
      return process.memoryUsage().heapUsed
    },
    meter: async () => async () => '',
    close: async () => undefined,
  }
}

/** @returns {Promise<Engine>} */
async function openRedis() {
  const server = await createRedisServer({ appendonly: 'yes', appendfsync: 'everysec' })
  await server.start()
  const client = createClient({ socket: { path: server.socket, tls: false } })
  client.on('error', () => undefined)
  await client.connect()
  const info = async (/** @type {string} */ section) => String(await client.sendCommand(['INFO', section]))
  const number = (/** @type {string} */ text, /** @type {RegExp} */ pattern) => Number(pattern.exec(text)?.[1] ?? 0)
  return {
    name: 'Redis 7 with an AOF, beside SET and GET',
    open(clock) {
      let requests = 0
      const command = (/** @type {readonly string[]} */ args) => {
        requests += 1
        return client.sendCommand([...args])
      }
      const options = { command, ...(clock && { clock }) }
      return { sessions: redisAgentSessions(options), log: redisTurnLog(options), requests: () => requests }
    },
    write: () => client.sendCommand(['SET', 'plain', 'agent session', 'PX', '86400000']),
    read: () => client.sendCommand(['GET', 'plain']),
    bytes: async () => number(await info('memory'), /^used_memory:(\d+)/m),
    async meter() {
      await client.sendCommand(['CONFIG', 'RESETSTAT'])
      return async (count) => {
        const text = await info('commandstats')
        const used = number(text, /^cmdstat_evalsha:.*usec=(\d+)/m)
        return `, ${(used / count).toFixed(0)} µs of Redis's one thread each`
      }
    },
    async close() {
      client.destroy()
      await server.end()
    },
  }
}

/** @returns {Promise<Engine>} */
async function openPostgres() {
  const cluster = await createPostgresCluster({ fsync: 'on', max_wal_size: '4GB' })
  await cluster.start()
  const pool = new pg.Pool({ connectionString: cluster.url(), max: 20 })
  const folder = new URL('../../supabase/migrations/', import.meta.url)
  for (const name of readdirSync(folder).sort()) await pool.query(readFileSync(new URL(name, folder), 'utf8'))
  await pool.query('create table plain (id text primary key, value text)')
  const one = async (/** @type {string} */ sql) => Number((await pool.query(sql)).rows[0]?.value)
  const wal = () => one(`select pg_current_wal_insert_lsn() - '0/0' as value`)
  return {
    name: 'Postgres 15 with fsync, beside an upsert and a select',
    open(clock) {
      let requests = 0
      /** @type {import('leftoff/server').PostgresQuery} */
      const query = async (sql, params) => {
        requests += 1
        return (await pool.query(sql, [...params])).rows
      }
      const options = { query, ...(clock && { clock }) }
      return { sessions: postgresAgentSessions(options), log: postgresTurnLog(options), requests: () => requests }
    },
    write: () =>
      pool.query('insert into plain values ($1, $2) on conflict (id) do update set value = excluded.value', ['k', 'v']),
    read: () => pool.query('select value from plain where id = $1', ['k']),
    bytes: () =>
      one(`select sum(pg_total_relation_size(oid)) as value from pg_class
        where relkind = 'r' and relnamespace = 'iam'::regnamespace`),
    async meter() {
      const before = await wal()
      return async (count) => `, ${Math.round(((await wal()) - before) / count)} bytes of WAL each`
    },
    async close() {
      await pool.end()
      await cluster.end()
    },
  }
}
