import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { type PostgresQuery, postgresAgentSessions, postgresTurnLog, tabKey } from '../../src/server/index.js'
import { beginTurn, boundMs, startLongTurn } from '../support/long-turn.js'
import { withPg } from './drivers.js'
import { migrate } from './fresh-database.js'
import { createPostgresCluster, type PostgresCluster } from './postgres-cluster.mjs'

// A primary and a streaming replica of their own; the primary dies, and the replica is promoted.

const key = tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: 't1' })

/** What a commit has waited for when the replica is synchronous. */
const synchronous = { synchronous_standby_names: '*', synchronous_commit: 'on' }

async function open(settings: Record<string, string> = {}) {
  const primary = await createPostgresCluster({ wal_level: 'replica', hot_standby: 'on' })
  onTestFinished(() => primary.end())
  await primary.start()
  const owner = new pg.Client(primary.url())
  owner.on('error', () => undefined) // its server dies
  await owner.connect()
  await migrate({ run: async (text) => (await owner.query(text)).rows })
  await owner.query('create role app login; grant leftoff_server to app')
  const replica = await primary.replica()
  onTestFinished(() => replica.end())
  await replica.start()
  for (const [name, value] of Object.entries(settings)) {
    await owner.query(`alter system set ${name} = '${value}'`)
  }
  await owner.query('select pg_reload_conf()')
  const state = async () => (await owner.query('select state, sync_state from pg_stat_replication')).rows[0]
  const wanted = { state: 'streaming', sync_state: settings.synchronous_standby_names ? 'sync' : 'async' }
  await expect.poll(state, { timeout: 20_000 }).toEqual(wanted)

  const asApp = (cluster: PostgresCluster) => {
    const driver = withPg(cluster.url().replace('postgres@', 'app@'))
    onTestFinished(() => driver.close())
    return driver
  }
  // As behind a name that an orchestrator moves.
  let driver = asApp(primary)
  const query: PostgresQuery = (sql, params) => driver.query(sql, params)
  return {
    primary,
    replica,
    sessions: postgresAgentSessions({ query }),
    log: postgresTurnLog({ query }),
    elsewhere: postgresTurnLog({ query }),
    moveTo(cluster: PostgresCluster) {
      driver = asApp(cluster)
    },
  }
}

it('a turn outlives a promotion that is faster than its lease: it ends as done, and is known as that', async () => {
  const { primary, replica, sessions, log, elsewhere, moveTo } = await open(synchronous)
  const { signal } = new AbortController()
  await sessions.set(key, 'before')
  const { finish, ended } = await startLongTurn(sessions, key, 'turn', 20_000)
  await log.start(key, 'turn')
  await log.append(key, 'turn', 1, ['{"text":"Hel"}'])
  await primary.stop('immediate')
  await expect(sessions.get(key)).rejects.toMatchObject({ code: 'unreachable' })
  moveTo(replica)
  // It answers reads, and is not the one to write to yet.
  expect(await sessions.get(key)).toBe('before')
  await expect(sessions.requestStop(key, 'turn')).rejects.toMatchObject({ code: 'unreachable' })
  await replica.promote()
  expect(await beginTurn(sessions, key, 'another')).toMatchObject({ ok: false, turn: { turnId: 'turn' } })
  // What it had sent is lost, as turn logs are on no replica; the next turn's is kept as ever.
  expect(await elsewhere.read(key, 'turn', { after: 0, signal })).toBeUndefined()
  await expect(log.append(key, 'turn', 2, ['{"text":"lo"}'])).rejects.toMatchObject({ code: 'storage-unavailable' })
  await log.start(key, 'another')
  await log.append(key, 'another', 1, ['{}'])
  expect(await elsewhere.read(key, 'another', { after: 0, signal })).toBeDefined()
  finish()
  expect(await ended).toMatchObject({ type: 'done' })
  expect(await sessions.getTurn(key)).toMatchObject({ turnId: 'turn', state: 'done' })
  expect(await beginTurn(sessions, key, 'turn')).toMatchObject({ ok: false, turn: { state: 'done' } })
})

it('a promotion that is slower ends the turn with lease-lost within a bound; it never runs again, another one does', async () => {
  const { primary, replica, sessions, moveTo } = await open(synchronous)
  await sessions.set(key, 'before')
  const { ended } = await startLongTurn(sessions, key, 'turn')
  await primary.stop('immediate')
  const goneAt = performance.now()
  expect(await ended).toMatchObject({ code: 'lease-lost' })
  expect(performance.now() - goneAt).toBeLessThan(boundMs)
  await replica.promote()
  moveTo(replica)
  expect(await beginTurn(sessions, key, 'turn')).toMatchObject({ ok: false, turn: { state: 'interrupted' } })
  expect(await beginTurn(sessions, key, 'another')).toMatchObject({ ok: true, agentSessionId: 'before' })
})

it('what an asynchronous replica had not received is lost: a turn that ended in that time would run again', async () => {
  const { primary, replica, sessions, moveTo } = await open()
  await replica.stop()
  const { finish, ended } = await startLongTurn(sessions, key, 'turn', 20_000)
  finish()
  expect(await ended).toMatchObject({ type: 'done' })
  await primary.stop('immediate')
  await replica.start()
  await replica.promote()
  moveTo(replica)
  expect(await sessions.getTurn(key, 'turn')).toBeUndefined()
  expect(await beginTurn(sessions, key, 'turn')).toMatchObject({ ok: true })
})
