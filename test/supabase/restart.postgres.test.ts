import { expect, it, onTestFinished } from 'vitest'
import { supabaseAdapter } from '../../src/adapters/supabase/index.js'
import { supabaseAgentSessions, tabKey } from '../../src/server/index.js'
import { createPostgresCluster } from './postgres-cluster.mjs'
import { serveSupabase } from './serve-supabase.js'
import { browserClient, newWorkspace, serverClient } from './supabase.js'

it('a database that stops and comes back: typed errors within the bound, then work continues', async () => {
  // One of its own: to stop it must be no other test's business.
  const cluster = await createPostgresCluster({ fsync: 'on' })
  onTestFinished(() => cluster.end())
  await cluster.start()
  const { supabase, close } = await serveSupabase(cluster.url())
  onTestFinished(close)

  const sessions = supabaseAgentSessions({ client: serverClient(supabase) })
  const userId = crypto.randomUUID()
  const adapter = supabaseAdapter({ client: browserClient(userId, supabase) })
  const workspace = await newWorkspace(supabase)
  const key = tabKey({ userId, workspace, tabId: 't' })
  const lease = { leaseId: crypto.randomUUID(), leaseMs: 600_000, turnId: 'turn', messageHash: 'hash' }
  await sessions.set(key, 'agent session')
  expect(await sessions.beginTurn(key, lease)).toMatchObject({ ok: true })

  await cluster.stop('immediate')
  // Each rejects, or the test would not end: nothing waits for a database without a bound.
  for (const call of [
    () => sessions.renewTurn(key, lease.leaseId, 600_000),
    () => sessions.endTurn(key, lease.leaseId, { agentSessionId: 'next', outcome: 'done' }),
    () => sessions.get(key),
    () => adapter.list(userId, { limit: 10 }),
    () => adapter.remove(userId, ['c']),
  ]) {
    await expect(call()).rejects.toMatchObject({ name: 'LeftoffError', code: 'unreachable' })
  }

  await cluster.start()
  // The same clients, and the turn that was running ends as if nothing had been.
  expect(await sessions.renewTurn(key, lease.leaseId, 600_000)).toBe(true)
  expect(await sessions.endTurn(key, lease.leaseId, { agentSessionId: 'next', outcome: 'done' })).toBe(true)
  expect(await sessions.get(key)).toBe('next')
  expect(await adapter.list(userId, { limit: 10 })).toEqual({ sessions: [] })
})
