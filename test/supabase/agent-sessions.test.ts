import { describe, expect, it } from 'vitest'
import { parseTabKey, type TabKey, tabKey } from '../../src/core/tab-key.js'
import type { AgentSessionStore, BegunTurn } from '../../src/server/agent-session-store.js'
import { createLookupCache } from '../../src/server/lookup-cache.js'
import { supabaseAgentSessions } from '../../src/server/supabase/supabase-agent-sessions.js'
import { agentSessionStoreConformance } from '../../src/testing/agent-session-store-conformance.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { browserClient, newWorkspace, serverClient, sql, supabase } from './supabase.js'

const hour = 60 * 60 * 1000
const mine = turn('11111111-1111-4111-8111-111111111111')
const theirs = turn('22222222-2222-4222-8222-222222222222')

describe('the contract', async () => {
  const workspace = await newWorkspace()
  agentSessionStoreConformance({
    workspace,
    async open() {
      await sql('delete from iam.sessions where domain_id = iam.find_domain($1)', [workspace])
      // Dozens begin at once, on a machine that may do other work as well.
      const sessions = supabaseAgentSessions({ client: serverClient(), timeoutMs: 60_000 })
      return { sessions, wait: (ms) => age(workspace, ms) }
    },
  })
})

describe('expiry', () => {
  it('goes by the database: a row aged 24 h and a second gives nothing, with no sweeper running', async () => {
    const { sessions, key, wait } = await open()
    await sessions.set(key, 'a')
    await wait(24 * hour + 1_000)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, expired: true })
  })

  it('slides by activity at 23 h', async () => {
    const { sessions, key, wait } = await open()
    await sessions.set(key, 'a')
    await wait(23 * hour)
    expect(await sessions.beginTurn(key, mine)).toMatchObject({ agentSessionId: 'a' })
    await wait(23 * hour)
    expect(await sessions.get(key)).toBe('a')
  })

  it('is the one the store was made with', async () => {
    const { key, wait } = await open()
    const sessions = supabaseAgentSessions({ client: serverClient(), expiryMs: hour })
    await sessions.set(key, 'a')
    await wait(hour)
    expect(await sessions.get(key)).toBeUndefined()
  })
})

describe('the purge', () => {
  it('takes rows that expired a day ago, in batches, the longest expired first, and leaves those that live or are under lease', async () => {
    const { sessions, keyOf, wait, workspace } = await open()
    await purge(1_000) // what other tests left
    for (const tabId of ['oldest', 'older', 'leased']) {
      await sessions.set(keyOf(tabId), 'a')
      await wait(hour)
    }
    await wait(48 * hour)
    await sessions.set(keyOf('alive'), 'a')
    await sessions.beginTurn(keyOf('leased'), mine)
    expect(await purge(1)).toBe(1)
    expect(await tabIds(workspace)).toEqual(['alive', 'leased', 'older'])
    expect(await purge(1)).toBe(1)
    expect(await purge(1)).toBe(0)
    expect(await tabIds(workspace)).toEqual(['alive', 'leased'])
    expect(await sessions.endTurn(keyOf('leased'), mine.leaseId, { agentSessionId: 'b', outcome: 'done' })).toBe(true)
    expect(await sessions.get(keyOf('leased'))).toBe('b')
  })
})

describe('a day after expiry', () => {
  it('the row is still there: the next turn hears that its session expired, and a repeat of the last one is known', async () => {
    const { sessions, key, wait } = await open()
    await sessions.beginTurn(key, mine)
    await sessions.endTurn(key, mine.leaseId, { agentSessionId: 'a', outcome: 'done' })
    await wait(48 * hour - 60_000)
    await purge(1_000)
    expect(await sessions.beginTurn(key, { ...mine, leaseId: theirs.leaseId })).toMatchObject({
      turn: { state: 'done' },
    })
    expect(await sessions.beginTurn(key, theirs)).toEqual({ ok: true, expired: true })
  })
})

describe('the workspace', () => {
  it('is looked up once: a warm verb is one request', async () => {
    const { workspace, key } = await open()
    const counted = counting()
    const sessions = supabaseAgentSessions({ client: counted.client })
    await Promise.all([sessions.get(key), sessions.get(key)])
    expect(counted.calls.splice(0).sort()).toEqual(['ensure_domain', 'get_session', 'get_session'])
    await sessions.beginTurn(key, mine)
    await sessions.renewTurn(key, mine.leaseId, mine.leaseMs)
    await sessions.getTurn(key)
    await sessions.requestStop(key, mine.turnId)
    await sessions.clearStale(key, mine.leaseId, 'a')
    await sessions.endTurn(key, mine.leaseId, { agentSessionId: 'a', outcome: 'done' })
    await sessions.set(key, 'b')
    await sessions.delete(key)
    expect(counted.calls).toEqual([
      'begin_turn',
      'renew_turn',
      'get_turn',
      'request_stop',
      'clear_stale',
      'end_turn',
      'set_session',
      'delete_session',
    ])
    expect(parseTabKey(key)?.workspace).toBe(workspace)
  })

  it('that has no domain gets one, once, however many ask at the same time', async () => {
    const workspace = `${crypto.randomUUID()}.example`
    const key = tabKey({ userId: 'u1', workspace, tabId: 't1' })
    await Promise.all(
      Array.from({ length: 5 }, () => supabaseAgentSessions({ client: serverClient() }).beginTurn(key, mine)),
    )
    expect(await sql('select 1 as one from app.domains where hostname = $1', [workspace])).toHaveLength(1)
  })

  it('is as long as a hostname may be and no longer', async () => {
    const { sessions } = await open()
    const keyIn = (workspace: string) => tabKey({ userId: 'u1', workspace, tabId: 't1' })
    expect(await sessions.get(keyIn('w'.repeat(253)))).toBeUndefined()
    await expect(sessions.get(keyIn('w'.repeat(254)))).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  it('that has no domain is, with `strict`, an error that says so, until it has one', async () => {
    const sessions = supabaseAgentSessions({ client: serverClient(), domains: 'strict' })
    const workspace = `${crypto.randomUUID()}.example`
    const key = tabKey({ userId: 'u1', workspace, tabId: 't1' })
    await expect(sessions.get(key)).rejects.toMatchObject({ code: 'invalid-argument' })
    await sql('insert into app.domains (hostname) values ($1)', [workspace])
    expect(await sessions.get(key)).toBeUndefined()
  })

  it('whose hostname moved: no turn runs under the old domain, and the new one starts empty', async () => {
    const { sessions, key, workspace } = await open()
    await sessions.set(key, 'old')
    await sessions.beginTurn(key, mine)
    await moveHostname(workspace)
    // The cache still has the old domain id; the turn that runs under it is over.
    expect(await sessions.renewTurn(key, mine.leaseId, mine.leaseMs)).toBe(false)
    expect(await sessions.beginTurn(key, theirs)).toEqual({ ok: true, expired: false })
    expect(await sessions.endTurn(key, mine.leaseId, { agentSessionId: 'late', outcome: 'done' })).toBe(false)
    expect(await sessions.endTurn(key, theirs.leaseId, { agentSessionId: 'new', outcome: 'done' })).toBe(true)
    const rows = await sql(
      `select d.hostname, s.sdk_session_id from iam.sessions as s join app.domains as d using (domain_id)
       where d.hostname like '%' || $1 order by d.hostname = $1`,
      [workspace],
    )
    expect(rows.map(({ sdk_session_id }) => sdk_session_id)).toEqual(['old', 'new'])
  })

  it('whose hostname never settles is an error, not a loop', async () => {
    const { key, workspace } = await open()
    const domainIds = { get: async () => crypto.randomUUID(), delete: () => {} }
    const sessions = supabaseAgentSessions({ client: serverClient(), domainIds })
    await expect(sessions.get(key)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(workspace),
    })
  })

  it('may be shared between stores through one cache', async () => {
    const { key } = await open()
    const domainIds = createLookupCache<string>({ ttlMs: hour })
    const counted = counting()
    await supabaseAgentSessions({ client: counted.client, domainIds }).get(key)
    await supabaseAgentSessions({ client: counted.client, domainIds }).get(key)
    expect(counted.calls).toEqual(['ensure_domain', 'get_session', 'get_session'])
  })
})

describe('failures', () => {
  it('are typed: a browser key, a lease id that is no UUID, a database without the functions', async () => {
    const { key, sessions } = await open()
    await expect(supabaseAgentSessions({ client: browserClient('u1') }).get(key)).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(sessions.beginTurn(key, { ...mine, leaseId: 'mine' })).rejects.toMatchObject({
      code: 'invalid-argument',
    })
    const client = serverClient()
    const elsewhere = { schema: () => client.schema('nowhere') }
    await expect(supabaseAgentSessions({ client: elsewhere }).get(key)).rejects.toMatchObject({
      code: 'storage-unavailable',
    })
  })

  it('come within a bound when nothing answers, and when nothing is there', async () => {
    const { key } = await open()
    const clock = manualClock()
    let onAbort = () => {}
    const aborted = new Promise<void>((resolve) => {
      onAbort = resolve
    })
    const silent = serverClient(supabase, (_, init) => {
      init?.signal?.addEventListener('abort', onAbort)
      return new Promise(() => {})
    })
    const answer = supabaseAgentSessions({ client: silent, clock, timeoutMs: 2_000 }).get(key)
    const refused = expect(answer).rejects.toMatchObject({ code: 'unreachable' })
    await clock.advance(2_000)
    await refused
    await aborted
    const gone = serverClient(supabase, () => Promise.reject(new TypeError('fetch failed')))
    await expect(supabaseAgentSessions({ client: gone }).get(key)).rejects.toMatchObject({ code: 'unreachable' })
  })
})

/** A turn whose id says nothing of its lease. */
function turn(leaseId: string): BegunTurn {
  return { leaseId, leaseMs: 30_000, turnId: `turn-${leaseId.slice(0, 4)}`, messageHash: 'hash' }
}

interface Opened {
  readonly sessions: AgentSessionStore
  readonly workspace: string
  readonly key: TabKey
  keyOf(tabId: string): TabKey
  wait(ms: number): Promise<void>
}

async function open(): Promise<Opened> {
  const workspace = await newWorkspace()
  const keyOf = (tabId: string) => tabKey({ userId: 'u1', workspace, tabId })
  return {
    sessions: supabaseAgentSessions({ client: serverClient() }),
    workspace,
    key: keyOf('t1'),
    keyOf,
    wait: (ms) => age(workspace, ms),
  }
}

/** Makes everything in the workspace older: time as the database sees it. */
async function age(workspace: string, ms: number): Promise<void> {
  await sql(
    `update iam.sessions set
       last_activity = last_activity - $2 * interval '1 millisecond',
       expires_at = expires_at - $2 * interval '1 millisecond',
       lease_until = lease_until - $2 * interval '1 millisecond'
     where domain_id = iam.find_domain($1)`,
    [workspace, ms],
  )
}

async function purge(batch: number): Promise<number> {
  const { data } = await serverClient().schema('iam').rpc('purge_expired_sessions', { p_batch: batch })
  return data
}

async function tabIds(workspace: string): Promise<(string | null | undefined)[]> {
  const rows = await sql('select tab_id from iam.sessions where domain_id = iam.find_domain($1) order by tab_id', [
    workspace,
  ])
  return rows.map(({ tab_id }) => tab_id)
}

/** Gives the hostname to another domain. */
async function moveHostname(workspace: string): Promise<void> {
  await sql("update app.domains set hostname = 'was-' || hostname where hostname = $1", [workspace])
  await sql('insert into app.domains (hostname) values ($1)', [workspace])
}

/** A server's client that notes which functions are called. */
function counting() {
  const calls: string[] = []
  const client = serverClient(supabase, (input, init) => {
    calls.push(new URL(String(input)).pathname.split('/').at(-1) ?? '')
    return fetch(input, init)
  })
  return { calls, client }
}
