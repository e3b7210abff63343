import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import pg from 'pg'
import { openPglite } from './pglite.mjs'

const bootstrap = fileURLToPath(new URL('bootstrap.sql', import.meta.url))
const migrations = fileURLToPath(new URL('../migrations', import.meta.url))

/**
 * @typedef {object} Database
 * @property {pg.Pool} pool
 * @property {() => Promise<void>} close Safe to call more than once.
 */

/**
 * The database behind the stand-in, with all migrations run: a Postgres by its URL, else PGlite in `dataDir` or in memory.
 *
 * @param {{ readonly databaseUrl?: string | undefined, readonly dataDir?: string | undefined }} place
 * @returns {Promise<Database>}
 */
export async function openDatabase({ databaseUrl, dataDir }) {
  const opened = databaseUrl ? undefined : await openPglite(dataDir)
  const pool = new pg.Pool({
    ...(opened
      ? // One connection that is never closed for being idle: transactions wait for each other.
        { ...createPgConfig(opened.pglite), max: 1, idleTimeoutMillis: 0 }
      : { connectionString: databaseUrl, max: 20 }),
    // As long as PostgREST waits for a free connection.
    connectionTimeoutMillis: 10_000,
    // Dates and numbers stay text; nothing but JSON leaves this process anyway.
    types: { getTypeParser: () => (/** @type {string} */ text) => text },
  })
  // An idle connection that breaks, as when Postgres restarts: the pool drops it, the next request opens another one.
  pool.on('error', () => undefined)
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await pool.end()
    await opened?.close()
  }
  try {
    await migrate(pool)
  } catch (error) {
    await close()
    throw error
  }
  return { pool, close }
}

/** @param {pg.Pool} pool */
async function migrate(pool) {
  const names = (await readdir(migrations)).filter((name) => name.endsWith('.sql')).sort()
  const client = await pool.connect()
  try {
    // One server at a time: they may be started together.
    await client.query(`select pg_advisory_lock(hashtext('leftoff migrations'))`)
    for (const path of [bootstrap, ...names.map((name) => join(migrations, name))]) {
      await client.query(`begin;\n${await readFile(path, 'utf8')}\n;commit`).catch((cause) => {
        throw new Error(`${path}: ${cause.message}`, { cause })
      })
    }
    await client.query(`select pg_advisory_unlock(hashtext('leftoff migrations'))`)
    client.release()
  } catch (error) {
    client.release(true)
    throw error
  }
}
