import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tabKey } from '../../src/server/index.js'
import { supabaseAgentSessions } from '../../src/server/supabase/index.js'
import { endProcess } from '../support/end-process.js'
import { newWorkspace, serverClient, sql, supabase } from './supabase.js'

// Servers that share nothing but the database: processes of their own, on what was built.

interface Told {
  readonly ready?: true
  readonly running?: string
  readonly busy?: number
  readonly done?: string
  readonly failed?: string
}

const sessions = supabaseAgentSessions({ client: serverClient(), timeoutMs: 30_000 })

async function newKey() {
  return tabKey({ userId: crypto.randomUUID(), workspace: await newWorkspace(), tabId: crypto.randomUUID() })
}

/** Starts a server; `next` gives what it tells, in order. */
async function startServer() {
  const child: ChildProcess = fork('test/supabase/turn-server.mjs', {
    env: { ...process.env, SUPABASE_URL: supabase.url, SUPABASE_SERVICE_ROLE_KEY: supabase.serviceRoleKey },
  })
  onTestFinished(async () => {
    await endProcess(child)
  })
  const told: Told[] = []
  child.on('message', (what: Told) => told.push(what)) // the script's own
  const until = async (isEnough: () => boolean) => {
    while (!isEnough()) await once(child, 'message')
  }
  await until(() => told.length === 1)
  told.length = 0
  return { child, told, until }
}

describe('two server processes', () => {
  it('run one of 100 concurrent sends for a tab key, and tell the other 99 when to come back', async () => {
    const key = await newKey()
    const servers = await Promise.all([startServer(), startServer()])
    for (const { child } of servers) child.send({ sends: 50, key, leaseMs: 60_000 })
    // The winner runs on until all others have their answer.
    await Promise.all(servers.map(({ told, until }) => until(() => told.length === 50)))

    const told = servers.flatMap((server) => server.told)
    expect(told.filter((what) => what.failed !== undefined)).toEqual([])
    const running = told.flatMap((what) => what.running ?? [])
    const busy = told.flatMap((what) => what.busy ?? [])
    expect([running.length, busy.length]).toEqual([1, 99])
    expect(Math.min(...busy)).toBeGreaterThan(0)
    expect(Math.max(...busy)).toBeLessThanOrEqual(60_000)

    for (const { child } of servers) child.send({ finish: true })
    const winner = servers.find((server) => server.told.some((what) => what.running))
    await winner?.until(() => winner.told.length === 51)
    expect(winner?.told.at(-1)).toEqual({ done: running[0] })
    expect(await sessions.get(key)).toBe(running[0])
  })
})

describe('a server that is killed in the middle of a turn', () => {
  it('frees the tab key when its lease ends, and its lease is good for nothing any more', async () => {
    const key = await newKey()
    await sessions.set(key, 'before')
    const { child, told, until } = await startServer()
    child.send({ sends: 1, key, leaseMs: 5_000 })
    await until(() => told.length === 1)
    expect(told[0]?.running).toBeDefined()
    child.kill('SIGKILL')
    await once(child, 'exit')
    const [row] = await sql('select lease_id from iam.sessions where tab_id = $1', [key.split('::')[2]])
    const lost = row?.lease_id ?? ''

    const next = { leaseId: crypto.randomUUID(), leaseMs: 60_000 }
    let begun = await sessions.beginTurn(key, next)
    expect(begun).toMatchObject({ ok: false })
    if (!begun.ok) expect(begun.retryAfterMs).toBeLessThanOrEqual(5_000)
    while (!begun.ok) begun = await sessions.beginTurn(key, next)
    expect(begun).toEqual({ ok: true, agentSessionId: 'before', expired: false })

    expect(await sessions.renewTurn(key, lost, 60_000)).toBe(false)
    expect(await sessions.clearStale(key, lost, 'before')).toBe(false)
    expect(await sessions.endTurn(key, lost, 'from the dead')).toBe(false)
    expect(await sessions.get(key)).toBe('before')
    expect(await sessions.endTurn(key, next.leaseId, 'after')).toBe(true)
    expect(await sessions.get(key)).toBe('after')
  })
})
