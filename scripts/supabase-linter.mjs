// Has Supabase's own linter look at a database that has run the migrations: `supabase db advisors`, of the version below, which npm fetches
// (141 MB). Needs a Postgres, as `npm run test:postgres` does. Fails if it finds anything in the schemas app and iam, or if it sleeps.

import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import pg from 'pg'
import { createPostgresCluster } from '../test/supabase/postgres-cluster.mjs'

const cli = 'supabase@3.1.0'
const folder = new URL('../supabase/', import.meta.url)
const run = promisify(execFile)

const port = await freePort()
// The linter knows no sockets.
const cluster = await createPostgresCluster({ listen_addresses: '127.0.0.1', port: `${port}` })
const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
const client = new pg.Client(url)
try {
  await cluster.start()
  await client.connect()
  await client.query(readFileSync(new URL('local/bootstrap.sql', folder), 'utf8'))
  const names = readdirSync(new URL('migrations/', folder)).sort()
  for (const name of names) await client.query(readFileSync(new URL(`migrations/${name}`, folder), 'utf8'))
  const found = await findings()
  for (const { name, detail } of found) console.error(`${name}: ${detail}`)

  await client.query(`
    create table app.planted (user_id text);
    alter table app.planted enable row level security;
    create policy planted on app.planted using (user_id = auth.jwt() ->> 'sub');
    create function app.planted() returns int language sql as 'select 1'`)
  const planted = (await findings()).map(({ name }) => name)
  const asleep = ['auth_rls_initplan', 'no_primary_key', 'function_search_path_mutable'].filter(
    (name) => !planted.includes(name),
  )
  if (asleep.length > 0) console.error(`The linter did not see what was planted: ${asleep.join(', ')}.`)
  console.log(`${found.length} findings; with faults planted: ${planted.join(', ')}`)
  if (found.length > 0 || asleep.length > 0) process.exitCode = 1
} finally {
  await client.end().catch(() => {})
  await cluster.end()
}

/** @returns {Promise<{ name: string, detail: string }[]>} */
async function findings() {
  const advisors = ['db', 'advisors', '--remote', `${url}?sslmode=disable`, '--level', 'info', '--output', 'json']
  const { stdout } = await run('npx', ['--yes', cli, ...advisors], {
    env: { ...process.env, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1' },
    maxBuffer: 16e6,
    timeout: 180_000,
    // It leaves a folder where it runs.
    cwd: tmpdir(),
  })
  /** @type {{ name: string, detail: string }[]} */
  const found = JSON.parse(stdout.slice(stdout.indexOf('[')))
  // Nothing has used an index of a database that was just made.
  return found.filter(({ name }) => name !== 'unused_index')
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
