import { describe, expect, it } from 'vitest'
import { type AgentSessionStore, redisTurnLog, type TabKey } from '../../src/server/index.js'
import { beginTurn, boundMs, startLongTurn } from '../support/long-turn.js'
import { clients } from './clients.js'
import { newKey, redisOfTest } from './redis-of-test.js'

// What becomes of a turn whose Redis goes away while it runs, or has no memory left.

/** Everything is on disk before it is answered. */
const withAof = { appendonly: 'yes', appendfsync: 'always' }

/** Once the client is connected again. */
const whenBack = (sessions: AgentSessionStore, key: TabKey) =>
  expect.poll(() => sessions.get(key).then(() => 'back', String), { timeout: 15_000 }).toBe('back')

describe.each(Object.entries(clients))('a Redis that is gone in mid-turn, by %s', (_, open) => {
  it('ends the turn with lease-lost within a bound; with an AOF it knows the turn afterwards, which never runs again', async () => {
    const { server, sessions } = await redisOfTest(withAof, open)
    const key = newKey()
    await sessions.set(key, 'before')
    const { ended } = await startLongTurn(sessions, key, 'turn')
    await server.stop('SIGKILL')
    const goneAt = performance.now()
    expect(await ended).toMatchObject({ code: 'lease-lost' })
    expect(performance.now() - goneAt).toBeLessThan(boundMs)
    // Nothing waits for a Redis that is gone.
    await expect(beginTurn(sessions, key, 'another')).rejects.toMatchObject({ code: 'unreachable' })

    await server.start()
    await whenBack(sessions, key)
    expect(await sessions.get(key)).toBe('before')
    await expect.poll(() => sessions.getTurn(key, 'turn')).toMatchObject({ state: 'interrupted' })
    expect(await beginTurn(sessions, key, 'turn')).toMatchObject({ ok: false, turn: { state: 'interrupted' } })
    expect(await beginTurn(sessions, key, 'another')).toMatchObject({ ok: true, agentSessionId: 'before' })
  })

  it('without an AOF forgets all: the turn ends with lease-lost, and sent again it runs again', async () => {
    const { server, sessions } = await redisOfTest({}, open)
    const key = newKey()
    await sessions.set(key, 'before')
    const { ended } = await startLongTurn(sessions, key, 'turn')
    await server.stop('SIGKILL')
    await server.start()
    const backAt = performance.now()
    expect(await ended).toMatchObject({ code: 'lease-lost' })
    expect(performance.now() - backAt).toBeLessThan(boundMs)
    await whenBack(sessions, key)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.getTurn(key, 'turn')).toBeUndefined()
    expect(await beginTurn(sessions, key, 'turn')).toEqual({ ok: true, expired: false })
  })
})

describe('a Redis that restarts faster than the lease runs out', () => {
  it('with an AOF costs the turn nothing: it ends as done, and is known as that', async () => {
    const { server, sessions } = await redisOfTest(withAof)
    const key = newKey()
    const { finish, ended } = await startLongTurn(sessions, key, 'turn')
    await server.stop('SIGKILL')
    await server.start()
    finish()
    expect(await ended).toMatchObject({ type: 'done' })
    expect(await sessions.getTurn(key, 'turn')).toMatchObject({ state: 'done' })
  })
})

describe('the log of a turn whose Redis is gone', () => {
  it('reports to followers within a bound; with an AOF it can be read afterwards, and a short absence is not noticed', async () => {
    const { server, command } = await redisOfTest(withAof)
    const { signal } = new AbortController()
    const key = newKey()
    const log = redisTurnLog({ command })
    await log.start(key, 'turn')
    await log.append(key, 'turn', 1, ['1'])
    const follow = async () => {
      const read = await redisTurnLog({ command }).read(key, 'turn', { after: 0, signal })
      return read?.[Symbol.asyncIterator]()
    }
    const follower = await follow()
    expect(await follower?.next()).toMatchObject({ value: [{ seq: 1 }] })
    const next = follower?.next().catch((error: unknown) => error)
    await server.stop('SIGKILL')
    const append = log.append(key, 'turn', 2, ['2'])
    await server.start()
    await append
    expect(await next).toMatchObject({ value: [{ seq: 2 }] })

    const late = follower?.next().catch((error: unknown) => error)
    await server.stop('SIGKILL')
    const goneAt = performance.now()
    expect(await late).toMatchObject({ code: 'unreachable' })
    await expect(log.append(key, 'turn', 3, ['3'])).rejects.toMatchObject({ code: 'unreachable' })
    expect(performance.now() - goneAt).toBeLessThan(20_000)
    await server.start()
    await expect
      .poll(() => follow().then((read) => read?.next(), String), { timeout: 15_000 })
      .toMatchObject({
        value: [{ event: '1' }, { event: '2' }],
      })
  })
})

describe('a Redis that is full, and throws nothing away', () => {
  it('ends turns with typed errors within a bound, still answers reads, and continues once it has room', async () => {
    const { command, sessions } = await redisOfTest({ maxmemory: '20mb', 'maxmemory-policy': 'noeviction' })
    const key = newKey()
    await sessions.set(key, 'before')
    const { ended } = await startLongTurn(sessions, key, 'turn')
    await fill(command)
    const fullAt = performance.now()
    await expect(beginTurn(sessions, newKey(), 'turn')).rejects.toMatchObject({ code: 'quota-exceeded' })
    await expect(sessions.set(newKey(), 'a')).rejects.toMatchObject({ code: 'quota-exceeded' })
    expect(await ended).toMatchObject({ code: 'lease-lost', cause: { code: 'quota-exceeded' } })
    expect(performance.now() - fullAt).toBeLessThan(boundMs)

    expect(await sessions.get(key)).toBe('before')
    // The turn counts its lease from before it asked, so it ends a moment earlier than Redis says.
    await expect.poll(() => sessions.getTurn(key)).toMatchObject({ turnId: 'turn', state: 'interrupted' })
    await command(['DEL', 'filled'])
    expect(await beginTurn(sessions, key, 'turn')).toMatchObject({ ok: false, turn: { state: 'interrupted' } })
    expect(await beginTurn(sessions, key, 'another')).toMatchObject({ ok: true, agentSessionId: 'before' })
  })
})

/** Until nothing more fits. */
async function fill(command: (args: readonly string[]) => PromiseLike<unknown>): Promise<void> {
  const text = 'x'.repeat(10_000)
  try {
    for (;;) await command(['APPEND', 'filled', text])
  } catch (error) {
    expect(String(error)).toContain('OOM')
  }
}
