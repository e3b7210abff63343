import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { type AgentSessionStore, postgresAgentSessions, type TabKey, tabKey } from '../../src/server/index.js'
import { endProcess } from '../support/end-process.js'
import { withPg } from './drivers.js'
import { supabase } from './supabase.js'

/** What `turn-server.mjs` tells. */
export interface Told {
  readonly ready?: true
  /** The agent was started, for a send that came in at `from`. */
  readonly running?: string
  readonly refused?: string
  readonly state?: string
  readonly retryAfterMs?: number
  /** The agent was told to stop. */
  readonly aborted?: true
  readonly stopping?: boolean
  readonly ended?: 'done' | 'stopped'
  readonly session?: string
  readonly failed?: string
  readonly from?: number
  /** By the machine's clock. */
  readonly at?: number
}

/** A server that shares nothing with others but the database. */
export interface ServerProcess {
  readonly child: ChildProcess
  readonly told: Told[]
  /** Waits until it has told enough. */
  until(isEnough: (told: readonly Told[]) => boolean): Promise<void>
}

/** One conversation, its servers' role, and the store as the test's own process reaches it. */
export interface Servers {
  readonly sessions: AgentSessionStore
  newKey(): TabKey
  start(): Promise<ServerProcess>
  /** Makes everything older, as if that much time had passed. */
  age(key: TabKey, ms: number): Promise<void>
}

/** Servers on the database of this run, as a role that was granted `leftoff_server` and nothing else. */
export async function openServers(): Promise<Servers> {
  const url = new URL(supabase.databaseUrl ?? '')
  const owner = new pg.Client(url.href)
  await owner.connect()
  const role = `server_${randomUUID().slice(0, 8)}`
  await owner.query(`create role ${role} login; grant leftoff_server to ${role}`)
  url.username = role
  const driver = withPg(url.href)
  onTestFinished(async () => {
    await driver.close()
    await owner.query(`drop role ${role}`)
    await owner.end()
  })
  return {
    sessions: postgresAgentSessions({ query: driver.query, timeoutMs: 30_000 }),
    newKey: () => tabKey({ userId: randomUUID(), workspace: 'servers.example', tabId: randomUUID() }),
    async start() {
      const child = fork('test/supabase/turn-server.mjs', { env: { ...process.env, DATABASE_URL: url.href } })
      onTestFinished(async () => {
        await endProcess(child)
      })
      const told: Told[] = []
      child.on('message', (what: Told) => told.push(what)) // the script's own
      const until = async (isEnough: (told: readonly Told[]) => boolean) => {
        while (!isEnough(told)) await once(child, 'message')
      }
      await until(([first]) => first !== undefined)
      told.length = 0
      return { child, told, until }
    },
    async age(key, ms) {
      await owner.query(
        `update iam.sessions set last_activity = last_activity - $2 * interval '1 millisecond',
           expires_at = expires_at - $2 * interval '1 millisecond', lease_until = lease_until - $2 * interval '1 millisecond'
         where tab_id = $1`,
        [key.split('::')[2], ms],
      )
    },
  }
}
