import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isLeftoffError, redisAgentSessions, tabKey } from '../../src/server/index.js'
import { agentSessionStoreConformance } from '../../src/testing/agent-session-store-conformance.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { clients, type OpenedClient, withNodeRedis } from './clients.js'
import { age, newKey, redisOfTest } from './redis-of-test.js'
import { createRedisServer, type RedisServer } from './redis-server.mjs'

let server: RedisServer
let own: OpenedClient
beforeAll(async () => {
  server = await createRedisServer()
  await server.start()
  own = await withNodeRedis(server.socket)
})
afterAll(async () => {
  await own.close()
  await server.end()
})

const day = 24 * 60 * 60 * 1000
const turnOf = (turnId: string) => ({ leaseId: crypto.randomUUID(), leaseMs: 60_000, turnId, messageHash: 'hash' })

describe.each(Object.entries(clients))('redisAgentSessions by %s', (_, open) => {
  let client: Promise<OpenedClient> | undefined
  afterAll(async () => (await client)?.close())
  agentSessionStoreConformance({
    async open() {
      client ??= open(server.socket)
      const opened = await client
      await opened.command(['FLUSHALL'])
      return { sessions: redisAgentSessions(opened), wait: (ms) => age(opened, ms) }
    },
  })
})

describe('redisAgentSessions', () => {
  it('asks once per verb; a Redis that lost its scripts is sent them again', async () => {
    const sent: string[] = []
    const counting = redisAgentSessions({
      command: (args) => {
        sent.push(args[0] ?? '')
        return own.command(args)
      },
    })
    const key = newKey()
    const turn = turnOf('turn')
    const verbs = async () => {
      await counting.set(key, 'a')
      await counting.beginTurn(key, turn)
      await counting.renewTurn(key, turn.leaseId, 60_000)
      await counting.getTurn(key)
      await counting.requestStop(key, 'turn')
      await counting.clearStale(key, turn.leaseId, 'a')
      await counting.endTurn(key, turn.leaseId, { outcome: 'stopped' })
      await counting.get(key)
      await counting.delete(key)
    }
    await verbs()
    sent.length = 0
    await verbs()
    expect(sent).toEqual(Array(9).fill('EVALSHA'))
    await own.command(['SCRIPT', 'FLUSH'])
    sent.length = 0
    expect(await counting.get(key)).toBeUndefined()
    expect(sent).toEqual(['EVALSHA', 'EVAL'])
  })

  it('keeps one key per tab key, which names no user and expires a day after its session', async () => {
    await own.command(['FLUSHALL'])
    const sessions = redisAgentSessions({ ...own, expiryMs: 1_000 })
    await sessions.set(tabKey({ userId: 'ada', workspace: 'w', tabId: 't' }), 'a')
    const keys = await own.command(['KEYS', '*'])
    expect(keys).toEqual([expect.stringMatching(/^leftoff:\{[\w-]{22}\}:session$/)])
    const [key = ''] = Array.isArray(keys) ? keys : []
    expect(await own.command(['PTTL', key])).toSatisfy((ms) => Number(ms) > day && Number(ms) <= day + 1_000)
    await age(own, day + 1_000)
    expect(await own.command(['EXISTS', key])).toBe(0)
  })

  it('keeps the key of a turn that runs for longer than its session', async () => {
    const sessions = redisAgentSessions({ ...own, expiryMs: 1_000 })
    const key = newKey()
    const turn = turnOf('turn')
    await sessions.beginTurn(key, turn)
    for (let n = 0; n < 5; n += 1) {
      await age(own, day - 60_000)
      expect(await sessions.renewTurn(key, turn.leaseId, 60_000)).toBe(true)
    }
    expect(await sessions.endTurn(key, turn.leaseId, { agentSessionId: 'a', outcome: 'done' })).toBe(true)
    expect(await sessions.get(key)).toBe('a')
  })

  it('keeps any id as it was given, also with a client that parses JSON itself', async () => {
    const reading = redisAgentSessions({
      async command(args) {
        const reply = await own.command(args)
        return typeof reply === 'string' && /^[[{"\d]/.test(reply) ? JSON.parse(reply) : reply
      },
    })
    const key = newKey()
    for (const id of ['123', 'null', '{"a":1}', '"', 'a b\n%s\\', '日本 👩‍👧', '0x10', ' ']) {
      await reading.set(key, id)
      expect(await reading.get(key)).toBe(id)
      expect(await redisAgentSessions(own).get(key)).toBe(id)
    }
  })

  it('reports a Redis that evicts keys, once, and says nothing of one that does not', async () => {
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    await redisAgentSessions({ ...own, onError }).get(newKey())
    await own.command(['PING'])
    expect(errors).toEqual([])

    const evicting = await redisOfTest({ maxmemory: '100mb', 'maxmemory-policy': 'volatile-lru' })
    const sessions = redisAgentSessions({ ...evicting, onError })
    for (let n = 0; n < 3; n += 1) await sessions.get(newKey())
    await expect.poll(() => errors.length).toBe(1)
    expect(errors[0]).toMatchObject({ code: 'storage-unavailable', message: expect.stringContaining('noeviction') })
  })
})

describe('failures of redisAgentSessions', () => {
  it('are typed: no answer, no right, a reply in another form, a broken connection', async () => {
    const key = newKey()
    const clock = manualClock()
    let sent = 0
    const silent = redisAgentSessions({
      clock,
      timeoutMs: 2_000,
      command: () => {
        sent += 1
        return new Promise(() => {})
      },
    })
    const refused = expect(silent.get(key)).rejects.toMatchObject({ code: 'unreachable' })
    await expect.poll(() => sent).toBe(2) // with the check of the policy
    await clock.advance(2_000)
    await refused

    await own.command(['ACL', 'SETUSER', 'weak', 'on', 'nopass', '~other:*', '+@all'])
    const weak = await withNodeRedis(server.socket)
    await weak.command(['AUTH', 'weak', 'x'])
    await expect(redisAgentSessions(weak).get(key)).rejects.toMatchObject({ code: 'forbidden' })
    await weak.close()

    const wrong = redisAgentSessions({ command: () => Promise.resolve(['an', 'array']) })
    await expect(wrong.get(key)).rejects.toMatchObject({ code: 'storage-unavailable' })
    const broken = redisAgentSessions({
      command: () => {
        throw new Error('read ECONNRESET')
      },
    })
    const error = await broken.get(key).catch((failure: unknown) => failure)
    expect(isLeftoffError(error, 'unreachable')).toBe(true)
  })

  it('send nothing more once they have failed: a lost script is not run late', async () => {
    const clock = manualClock()
    const sent: string[] = []
    let lose = () => {}
    const sessions = redisAgentSessions({
      clock,
      command: ([name = '']) => {
        sent.push(name)
        return new Promise((_, reject) => {
          if (name === 'EVALSHA') lose = () => reject(new Error('NOSCRIPT No matching script.'))
        })
      },
    })
    const refused = expect(sessions.beginTurn(newKey(), turnOf('turn'))).rejects.toMatchObject({ code: 'unreachable' })
    await expect.poll(() => sent).toContain('EVALSHA')
    await clock.advance(5_000)
    await refused
    lose()
    await own.command(['PING'])
    expect(sent).not.toContain('EVAL')
  })
})
