import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresAgentSessions, postgresTurnLog, tabKey } from '../../src/server/index.js'
import { agentSessionStoreConformance } from '../../src/testing/agent-session-store-conformance.js'
import { turnLogConformance } from '../../src/testing/turn-log-conformance.js'
import { hurried } from '../support/hurried.js'
import { ageSessions, ageTurnLogs } from './age-sessions.js'
import { type OpenedDriver, withPg, withPostgresJs } from './drivers.js'
import { migrate } from './fresh-database.js'
import { startPgBouncer } from './pgbouncer.mjs'
import { supabase } from './supabase.js'

// PgBouncer in transaction mode: each statement may go through another connection than the one before.

const workspace = 'demo.alive.best'
const role = `pooled_${randomUUID().slice(0, 8)}`
const database = `pooled_${randomUUID().replaceAll('-', '')}`
/** Fewer than any of the pools has, so that connections are shared. */
const poolSize = 3

const admin = new pg.Client(supabase.databaseUrl)
let owner: pg.Client
let bouncer: Awaited<ReturnType<typeof startPgBouncer>>

beforeAll(async () => {
  await admin.connect()
  await admin.query(`create database ${database}`)
  const url = new URL(supabase.databaseUrl ?? '')
  url.pathname = database
  owner = new pg.Client(url.href)
  await owner.connect()
  await migrate({ run: async (text) => (await owner.query(text)).rows })
  await owner.query(`create role ${role} login; grant leftoff_server to ${role}`)
  url.username = role
  bouncer = await startPgBouncer(url.href, poolSize)
})

afterAll(async () => {
  await bouncer.end()
  await owner.end()
  await admin.query(`drop database ${database} with (force)`)
  await admin.query(`drop role ${role}`)
  await admin.end()
})

const drivers = { pg: withPg, 'postgres.js without prepared statements': withPostgresJs }

describe.each(Object.entries(drivers))('postgresAgentSessions through PgBouncer by %s', (_, open) => {
  let driver: OpenedDriver | undefined
  afterAll(() => driver?.close())
  agentSessionStoreConformance({
    workspace,
    async open() {
      driver ??= open(bouncer.url)
      const { query } = driver
      await owner.query('delete from iam.sessions')
      return {
        sessions: postgresAgentSessions({ query }),
        wait: async (ms) => void (await owner.query(ageSessions(ms))),
      }
    },
  })
})

describe.each(Object.entries(drivers))('postgresTurnLog through PgBouncer by %s', (_, open) => {
  let driver: OpenedDriver | undefined
  const clock = hurried(50)
  afterAll(() => driver?.close())
  turnLogConformance({
    async open({ maxTurnBytes }) {
      driver ??= open(bouncer.url)
      const { query } = driver
      await owner.query('delete from iam.turn_logs')
      return {
        log: postgresTurnLog({ query, maxTurnBytes, clock }),
        elsewhere: postgresTurnLog({ query, maxTurnBytes, clock }),
        async wait(ms) {
          clock.skip(ms)
          await owner.query(ageTurnLogs(ms))
        },
      }
    },
  })
})

describe('PgBouncer in transaction mode', () => {
  it('carries the turns of 40 connections through 3, and one turn that is sent 100 times runs once', async () => {
    const pools = [withPg(bouncer.url), withPg(bouncer.url)]
    const stores = pools.map(({ query }) => postgresAgentSessions({ query }))
    const turn = (turnId: string) => ({ leaseId: randomUUID(), leaseMs: 60_000, turnId, messageHash: 'hash' })
    const keyOf = (tabId: string) => tabKey({ userId: 'of this test', workspace, tabId })

    const others = Array.from({ length: 200 }, async (_, n) => {
      const mine = turn(`turn-${n}`)
      const sessions = stores[n % 2]
      await sessions?.beginTurn(keyOf(`t${n}`), mine)
      return sessions?.endTurn(keyOf(`t${n}`), mine.leaseId, { agentSessionId: `a${n}`, outcome: 'done' })
    })
    const sends = Array.from({ length: 100 }, (_, n) => stores[n % 2]?.beginTurn(keyOf('same'), turn('same')))
    const begun = (await Promise.all(sends)).filter((result) => result?.ok)
    expect(begun).toHaveLength(1)
    expect(await Promise.all(others)).toEqual(Array(200).fill(true))

    const { rows } = await owner.query('select count(*)::int as used from pg_stat_activity where usename = $1', [role])
    expect(rows[0].used).toBeGreaterThan(0)
    expect(rows[0].used).toBeLessThanOrEqual(poolSize)
    await Promise.all(pools.map(({ close }) => close()))
  })
})
