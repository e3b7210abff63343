import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { postgresAgentSessions, tabKey } from '../../src/server/index.js'
import { type Servers, startTurnServer } from '../support/turn-server.js'
import { withPg } from './drivers.js'
import { supabase } from './supabase.js'

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
    start: () => startTurnServer(url.href),
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
