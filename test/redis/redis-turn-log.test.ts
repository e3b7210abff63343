import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisTurnLog } from '../../src/server/index.js'
import { turnLogConformance } from '../../src/testing/turn-log-conformance.js'
import { hurried } from '../support/hurried.js'
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

const clock = hurried(50)
const places = ['in the process that runs the turn', 'in another process']
const all = Object.entries(clients).flatMap(([name, open]) => places.map((place) => ({ name, open, place })))

describe.each(all)('redisTurnLog by $name, read $place', ({ open, place }) => {
  let client: Promise<OpenedClient> | undefined
  afterAll(async () => (await client)?.close())
  turnLogConformance({
    async open({ maxTurnBytes }) {
      client ??= open(server.socket)
      const opened = await client
      await opened.command(['FLUSHALL'])
      const log = redisTurnLog({ ...opened, maxTurnBytes, clock })
      const elsewhere = place === 'in another process' ? redisTurnLog({ ...opened, maxTurnBytes, clock }) : log
      const wait = async (ms: number) => {
        clock.skip(ms)
        await age(opened, ms)
      }
      return { log, elsewhere, wait }
    },
  })
})

const keys = async (): Promise<readonly unknown[]> => {
  const found = await own.command(['KEYS', '*'])
  return Array.isArray(found) ? found.sort() : []
}

describe('the keys of a turn log', () => {
  it('name neither user nor conversation, are on one node, and expire', async () => {
    await own.command(['FLUSHALL'])
    const log = redisTurnLog({ ...own, clock, retentionMs: 60_000 })
    const key = newKey()
    await log.start(key, 't1')
    await log.append(key, 't1', 1, ['1'])
    await log.end(key, 't1', 2, '2')
    const [stream, hash] = await keys()
    expect(stream).toMatch(/^leftoff:\{[\w-]{22}\}:log:t1$/)
    expect(hash).toBe(String(stream).replace(':log:t1', ':logs'))
    expect(await own.command(['PTTL', String(stream)])).toSatisfy((ms) => Number(ms) > 0 && Number(ms) <= 60_000)
    await age(own, 60 * 60_000)
    expect(await keys()).toEqual([])
  })

  it('are one entry for what arrives at once', async () => {
    await own.command(['FLUSHALL'])
    const log = redisTurnLog({ ...own, clock })
    const key = newKey()
    await log.start(key, 't1')
    await Promise.all(Array.from({ length: 100 }, (_, n) => log.append(key, 't1', n + 1, [`"${n + 1}"`])))
    const [stream] = await keys()
    expect(await own.command(['XLEN', String(stream)])).toBe(1)
  })

  it('hold no turn that is over once the next one of its key begins', async () => {
    await own.command(['FLUSHALL'])
    const log = redisTurnLog({ ...own, clock })
    const key = newKey()
    for (let n = 0; n < 5; n += 1) {
      await log.start(key, `t${n}`)
      await log.end(key, `t${n}`, 1, '1')
    }
    await log.start(key, 'running')
    await age(own, 5 * 60_000)
    await log.start(key, 'next')
    const names = (await keys()).map((name) => String(name).replace(/.*}:/, ''))
    expect(names).toEqual(['logs']) // a turn that has sent nothing has no stream
    expect(await own.command(['HLEN', String((await keys())[0])])).toBe(2)
  })
})

describe('a turn log in a Redis that is full', () => {
  it('ends the recording as any log that is full, says that an end is missing, and can be read and deleted', async () => {
    const { command } = await redisOfTest({ maxmemory: '20mb', 'maxmemory-policy': 'noeviction' })
    const log = redisTurnLog({ command, clock })
    const key = newKey()
    await log.start(key, 't1')
    await log.append(key, 't1', 1, ['1'])
    const fill = async () => {
      for (;;) await command(['APPEND', 'filled', 'x'.repeat(10_000)])
    }
    await expect(fill()).rejects.toThrow('OOM')
    await expect(log.append(key, 't1', 2, ['2'])).rejects.toMatchObject({ code: 'turn-log-full' })
    await expect(log.end(key, 't1', 3, '3')).rejects.toMatchObject({ code: 'quota-exceeded' })
    const read = await redisTurnLog({ command, clock }).read(key, 't1', {
      after: 0,
      signal: new AbortController().signal,
    })
    const first = await read?.[Symbol.asyncIterator]().next()
    expect(first?.value).toEqual([{ seq: 1, event: '1', last: false }])
    await log.delete(key)
    expect(await command(['EXISTS', 'filled'])).toBe(1)
    expect(await command(['DBSIZE'])).toBe(1)
  })
})

describe('a turn that is written for a second', () => {
  it('takes at most five requests in it, and as many in a process that follows it', async () => {
    const counts = { writes: 0, reads: 0 }
    const counting = (name: keyof typeof counts) => (args: readonly string[]) => {
      counts[name] += 1
      return own.command(args)
    }
    const log = redisTurnLog({ command: counting('writes') })
    const elsewhere = redisTurnLog({ command: counting('reads') })
    const key = newKey()
    await log.start(key, 't1')
    const readers = Array.from({ length: 20 }, async () => {
      const read = await elsewhere.read(key, 't1', { after: 0, signal: new AbortController().signal })
      let events = 0
      for await (const piece of read ?? []) events += piece.length
      return events
    })
    const from = performance.now()
    for (let n = 0; n < 10; n += 1) {
      const added = Array.from({ length: 100 }, (_, index) => log.append(key, 't1', 100 * n + index + 1, ['1']))
      await Promise.all(added)
    }
    await log.end(key, 't1', 1_001, '{}')
    expect(await Promise.all(readers)).toEqual(Array(20).fill(1_001))
    const seconds = (performance.now() - from) / 1_000
    expect(counts.writes).toBeLessThanOrEqual(2 + 5 * Math.ceil(seconds))
    expect(counts.reads).toBeLessThanOrEqual(2 + 5 * Math.ceil(seconds))
  })
})
