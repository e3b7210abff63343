import { readdirSync, readFileSync } from 'node:fs'
import { memoryTurnLog, postgresTurnLog, tabKey } from 'leftoff/server'
import pg from 'pg'
import { createPostgresCluster } from '../../test/supabase/postgres-cluster.mjs'
import { median } from '../median.mjs'

/** @typedef {import('leftoff/server').TurnLog} TurnLog */
/** @typedef {import('leftoff/server').PostgresQuery} PostgresQuery */

/**
 * @typedef {object} PostgresLogMeasured CPU of this process in microseconds per message, and statements a second.
 * @property {number} rawUs Iterating the agent's messages.
 * @property {number} insertsUs The same events inserted by hand, a statement for what came in 250 ms; without the iteration.
 * @property {number} logUs Iterating, with each message appended to the log.
 * @property {number} allowedUs Twice the iteration and the inserts.
 * @property {number} writes By the process that runs the turn.
 * @property {number} polls By a process with 100 readers.
 */

const key = tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: 't1' })

/**
 * What `memoryTurnLog` adds to a message, in microseconds: the median over pairs of rounds.
 *
 * @param {object} source
 * @param {string} source.line
 * @param {number} source.count
 * @param {number} source.pairs
 */
export async function measureMemoryLog({ line, count, pairs }) {
  const rounds = []
  for (let n = -3; n < pairs; n += 1) {
    const raw = await timed(() => iterate(messages(line, count)))
    const log = memoryTurnLog()
    await log.start(key, 't1')
    const logged = await timed(() => record(messages(line, count), log, 't1'))
    if (n >= 0) rounds.push(logged - raw)
  }
  return (median(rounds) / count) * 1000
}

/**
 * A turn of 1,000 messages a second, beside the same without a log and beside its inserts.
 *
 * @param {object} source
 * @param {string} source.line
 * @param {number} source.seconds
 * @param {number} source.rounds
 * @returns {Promise<PostgresLogMeasured>}
 */
export async function measurePostgresLog({ line, seconds, rounds }) {
  const cluster = await createPostgresCluster()
  const pool = new pg.Pool({ connectionString: cluster.url() })
  try {
    await cluster.start()
    for (const migration of migrations()) await pool.query(migration)
    const [here, elsewhere] = [counting(pool), counting(pool)]
    const log = postgresTurnLog({ query: here.query })
    /** @type {{ raw: number, inserts: number, logged: number }[]} */
    const measured = []
    let writes = 0
    for (let n = -1; n < rounds; n += 1) {
      const turnId = `turn-${n + 1}`
      const raw = await cpuOf(() => iterate(paced(line, seconds)))
      const inserts = await cpuOf(() => insert(here.query, `plain-${n + 1}`, seconds))
      const idle = await cpuOf(() => new Promise((resolve) => setTimeout(resolve, seconds * 1_000)))
      await log.start(key, turnId)
      const before = here.statements()
      const logged = await cpuOf(() => record(paced(line, seconds), log, turnId))
      if (n < 0) continue
      writes = Math.max(writes, (here.statements() - before) / seconds)
      measured.push({ raw, inserts: inserts - idle, logged })
    }
    // Apart, as the readers of another process would count here too.
    const reader = postgresTurnLog({ query: elsewhere.query })
    await log.start(key, 'followed')
    const reading = Array.from({ length: 100 }, () => follow(reader, 'followed'))
    await record(paced(line, seconds), log, 'followed')
    await Promise.all(reading)
    const polls = elsewhere.statements() / seconds
    const us = (/** @type {keyof typeof measured[0]} */ name) =>
      (median(measured.map((round) => round[name])) / (seconds * 1_000)) * 1_000
    const [rawUs, insertsUs] = [us('raw'), us('inserts')]
    return { rawUs, insertsUs, logUs: us('logged'), allowedUs: 2 * rawUs + insertsUs, writes, polls }
  } finally {
    await pool.end()
    await cluster.end()
  }
}

/** @param {string} line @param {number} count */
async function* messages(line, count) {
  for (let n = 0; n < count; n += 1) yield JSON.parse(line)
}

/** Ten messages every ten milliseconds. @param {string} line @param {number} seconds */
async function* paced(line, seconds) {
  const start = performance.now()
  for (let tick = 1; tick <= seconds * 100; tick += 1) {
    for (let n = 0; n < 10; n += 1) yield JSON.parse(line)
    const wait = start + tick * 10 - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
  }
}

/** @param {AsyncIterable<unknown>} source */
async function iterate(source) {
  let read = 0
  for await (const _ of source) read += 1
  if (read === 0) throw new Error('Nothing was read.')
}

/** As the handler does. @param {AsyncIterable<unknown>} source @param {TurnLog} log @param {string} turnId */
async function record(source, log, turnId) {
  let [seq, waiting] = [0, 0]
  /** @type {unknown} */
  let failure
  for await (const _ of source) {
    seq += 1
    const event = eventOf(seq)
    waiting += event.length
    log.append(key, turnId, seq, [event]).then(
      () => {
        waiting -= event.length
      },
      (error) => {
        failure = error
      },
    )
  }
  await log.end(key, turnId, seq + 1, '{"type":"done","kept":true}')
  if (failure !== undefined || waiting > 0) throw failure ?? new Error('The log has not taken all.')
}

/** @param {PostgresQuery} query @param {string} turnId @param {number} seconds */
async function insert(query, turnId, seconds) {
  await query('select iam.start_turn_log($1, $2)', [key, turnId])
  let seq = 0
  for (let n = 0; n < seconds * 4; n += 1) {
    const events = Array.from({ length: 250 }, () => eventOf(++seq)).join('\n')
    await query(
      'select iam.write_turn_log(p_key => $1, p_turn_id => $2, p_max_bytes => $3, p_first_seq => $4, p_last_seq => $5, p_events => $6)',
      [key, turnId, String(2 ** 23), String(seq - 249), String(seq), events],
    )
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

/** A piece of an answer, of twenty characters. @param {number} seq */
function eventOf(seq) {
  return `{"type":"text","text":"${String(seq).padEnd(20, '.')}"}`
}

/** @param {TurnLog} log @param {string} turnId */
async function follow(log, turnId) {
  const reader = await log.read(key, turnId, { after: 0, signal: new AbortController().signal })
  if (!reader) throw new Error('The turn has started.')
  for await (const _ of reader);
}

/** @param {pg.Pool} pool */
function counting(pool) {
  let statements = 0
  return {
    statements: () => statements,
    /** @param {string} sql @param {readonly unknown[]} params */
    query: async (sql, params) => {
      statements += 1
      return (await pool.query(sql, [...params])).rows
    },
  }
}

function migrations() {
  const folder = new URL('../../supabase/migrations/', import.meta.url)
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
}

/** @param {() => Promise<unknown>} run */
async function timed(run) {
  const start = performance.now()
  await run()
  return performance.now() - start
}

/** Milliseconds of this process's CPU. @param {() => Promise<unknown>} run */
async function cpuOf(run) {
  const start = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1_000
}
