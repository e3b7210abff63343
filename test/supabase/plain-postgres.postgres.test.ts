import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { postgresAgentSessions, postgresTurnLog, tabKey } from '../../src/server/index.js'
import { agentSessionStoreConformance } from '../../src/testing/agent-session-store-conformance.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { turnLogConformance } from '../../src/testing/turn-log-conformance.js'
import { openPglite } from '../../supabase/local/pglite.mjs'
import { hurried } from '../support/hurried.js'
import { ageSessions } from './age-sessions.js'
import { type OpenedDriver, withPg, withPglite, withPostgresJs } from './drivers.js'
import { freshDatabase, migrate, migrations } from './fresh-database.js'
import { supabase } from './supabase.js'

// A server that talks to Postgres itself, by three drivers, as a role that owns nothing and was granted leftoff_server.

const workspace = 'demo.alive.best'
const role = `app_${randomUUID().slice(0, 8)}`
const asOwner = new URL(supabase.databaseUrl ?? '')
const ownDatabase = `plain_${randomUUID().replaceAll('-', '')}`

/** The URL of a database of these tests alone, for a user. */
function urlOf(user: string): string {
  const url = new URL(asOwner)
  url.username = user
  url.pathname = ownDatabase
  return url.href
}

const admin = new pg.Client(asOwner.href)
const owner = new pg.Client(urlOf('postgres'))
const opened = openPglite(undefined)

beforeAll(async () => {
  await admin.connect()
  await admin.query(`create database ${ownDatabase}`)
  await owner.connect()
  await migrate({ run: async (text) => (await owner.query(text)).rows })
  await owner.query(`create role ${role} login; grant leftoff_server to ${role}`)
  const { pglite } = await opened
  await migrate({ run: async (text) => (await pglite.exec(text)).at(-1)?.rows ?? [] })
  await pglite.exec(`create role ${role} login; grant leftoff_server to ${role}; set session authorization ${role}`)
})

afterAll(async () => {
  await owner.end()
  await admin.query(`drop database ${ownDatabase} with (force)`)
  await admin.query(`drop role ${role}`)
  await admin.end()
  await (await opened).close()
})

const drivers: Record<string, () => Promise<OpenedDriver>> = {
  pg: async () => withPg(urlOf(role)),
  'postgres.js without prepared statements': async () => withPostgresJs(urlOf(role)),
  PGlite: async () => withPglite(await opened),
}

describe.each(Object.entries(drivers))('postgresAgentSessions by %s', (_, open) => {
  let driver: Promise<OpenedDriver> | undefined
  afterAll(async () => (await driver)?.close())
  agentSessionStoreConformance({
    workspace,
    async open() {
      driver ??= open()
      const { query } = await driver
      await query('delete from iam.sessions', [])
      return {
        sessions: postgresAgentSessions({ query }),
        wait: async (ms) => void (await query(ageSessions(ms), [])),
      }
    },
  })
})

describe.each(Object.entries(drivers))('postgresTurnLog by %s, read in another process', (_, open) => {
  const clock = hurried(50)
  let driver: Promise<OpenedDriver> | undefined
  afterAll(async () => (await driver)?.close())
  turnLogConformance({
    async open({ maxTurnBytes }) {
      driver ??= open()
      const { query } = await driver
      await query('delete from iam.turn_logs', [])
      return {
        log: postgresTurnLog({ query, maxTurnBytes, clock }),
        elsewhere: postgresTurnLog({ query, maxTurnBytes, clock }),
        async wait(ms) {
          clock.skip(ms)
          await query(`update iam.turn_logs set kept_until = kept_until - ${ms} * interval '1 millisecond'`, [])
        },
      }
    },
  })
})

describe('a role that was granted leftoff_server', () => {
  const key = tabKey({ userId: 'u1', workspace, tabId: 't1' })

  it('owns nothing and bypasses nothing', async () => {
    const { rows } = await owner.query(
      `select rolsuper, rolbypassrls, (select count(*)::int from pg_class where relowner = r.oid) as owns
       from pg_roles as r where rolname = any ($1)`,
      [[role, 'leftoff_server']],
    )
    expect(rows).toEqual(Array(2).fill({ rolsuper: false, rolbypassrls: false, owns: 0 }))
  })

  it('names what is missing when it was not granted', async () => {
    await owner.query(`create role ${role}_none login`)
    const { query, close } = withPg(urlOf(`${role}_none`))
    await expect(postgresAgentSessions({ query }).get(key)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('grant leftoff_server'),
    })
    await close()
    await owner.query(`drop role ${role}_none`)
  })
})

describe('an app.domains of the app’s own', () => {
  it('is left alone: a notice names the rights that are needed, and no workspace is inserted', async () => {
    const { run, url = '' } = await freshDatabase()
    await run(`create schema app;
      create table app.domains (domain_id bigint primary key, hostname text unique, owner text not null);
      alter table app.domains enable row level security;
      insert into app.domains values (7, 'known', 'someone')`)
    const notices: string[] = []
    const client = new pg.Client(url)
    client.on('notice', ({ message }) => notices.push(message ?? ''))
    await client.connect()
    // As hand-written code has it: the migrations make no column of another type.
    await client.query(`create schema iam; create table iam.sessions (
      user_id text, domain_id bigint references app.domains, tab_id text, primary key (user_id, domain_id, tab_id))`)
    for (const { sql } of migrations) await client.query(sql)
    await client.end()
    const needed = notices.flatMap((notice) => notice.match(/grant select on app\.domains.*$/) ?? [])
    expect(needed).toHaveLength(1)

    const own = new URL(url)
    own.username = role
    const { query, close } = withPg(own.href)
    onTestFinished(close)
    const keyIn = (workspace: string) => tabKey({ userId: 'u1', workspace, tabId: 't1' })
    await expect(postgresAgentSessions({ query }).get(keyIn('known'))).rejects.toMatchObject({ code: 'forbidden' })
    await run(needed.join('')) // what the notice says, by hand
    const sessions = postgresAgentSessions({ query })
    await sessions.set(keyIn('known'), 'a')
    expect(await sessions.get(keyIn('known'))).toBe('a')
    await expect(sessions.get(keyIn('unknown'))).rejects.toMatchObject({ code: 'invalid-argument' })
    expect(await run('select hostname from app.domains')).toEqual([{ hostname: 'known' }])
  })
})

describe('failures of postgresAgentSessions', () => {
  const key = tabKey({ userId: 'u1', workspace, tabId: 't1' })

  it('are typed: no answer, no server, no functions, a driver in another form', async () => {
    const clock = manualClock()
    const silent = postgresAgentSessions({ query: () => new Promise(() => {}), clock, timeoutMs: 2_000 }).get(key)
    const refused = expect(silent).rejects.toMatchObject({ code: 'unreachable' })
    await clock.advance(2_000)
    await refused

    const gone = withPg('postgresql://127.0.0.1:1/none')
    await expect(postgresAgentSessions({ query: gone.query }).get(key)).rejects.toMatchObject({ code: 'unreachable' })
    await gone.close()

    const empty = withPg(asOwner.href.replace(/[^/]*$/, 'template1'))
    await expect(postgresAgentSessions({ query: empty.query }).get(key)).rejects.toMatchObject({
      code: 'storage-unavailable',
    })
    await empty.close()

    const whole = postgresAgentSessions({ query: async () => Object.assign([], { rows: [] }) })
    await expect(whole.get(key)).rejects.toMatchObject({ code: 'invalid-argument' })
    const throwing = postgresAgentSessions({
      query: () => {
        throw new Error('not connected')
      },
    })
    await expect(throwing.get(key)).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('of a user id that no database can store is no leak of another one', async () => {
    const { query, close } = withPg(urlOf(role))
    const hostile = tabKey({ userId: "u1'; delete from iam.sessions; --", workspace, tabId: 't1' })
    const sessions = postgresAgentSessions({ query })
    await sessions.set(hostile, 'theirs')
    expect(await sessions.get(hostile)).toBe('theirs')
    expect(await sessions.get(key)).toBeUndefined()
    const nul = tabKey({ userId: 'u\0', workspace, tabId: 't1' })
    await expect(sessions.set(nul, 'x')).rejects.toMatchObject({ code: 'invalid-argument' })
    await close()
  })
})
