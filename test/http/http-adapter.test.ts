import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type HttpAdapterOptions, httpAdapter } from '../../src/adapters/http/http-adapter.js'
import type { SessionChange } from '../../src/core/apply-change.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { change, ids, ranked } from '../../src/testing/session-adapter-harness.js'
import { serverInProcess } from './in-process.js'

type Answer = (request: Request) => Response | undefined | Promise<Response>

function setUp(answer?: Answer, options: Partial<HttpAdapterOptions> = {}) {
  const clock = manualClock({ now: 1_700_000_000_000 })
  const server = serverInProcess()
  const device = server.device('u1', answer)
  const adapter = httpAdapter({ url: '/api/sessions', fetch: device.fetch, clock, ...options })
  return { clock, server, device, adapter }
}

const html = (status: number) => new Response('<!doctype html><h1>Sign in</h1>', { status })
const refusal = (status: number, reason: string) =>
  Response.json({ refusals: [{ conversationId: 'c1', reason }] }, { status })

describe('what a server answers', () => {
  const answers: readonly [what: string, Response, code: string][] = [
    ['400', html(400), 'invalid-argument'],
    ['401', html(401), 'signed-out'],
    ['403', html(403), 'forbidden'],
    ['404', html(404), 'storage-unavailable'],
    ['408', html(408), 'unreachable'],
    ['413 for one change', html(413), 'storage-unavailable'],
    ['429', html(429), 'unreachable'],
    ['500', html(500), 'unreachable'],
    ['502', html(502), 'unreachable'],
    ['503', html(503), 'unreachable'],
    ['507', html(507), 'quota-exceeded'],
    ["a proxy's page with 200", html(200), 'storage-unavailable'],
    ["a proxy's page with 409", html(409), 'storage-unavailable'],
    ["a proxy's page with 422", html(422), 'storage-unavailable'],
    ['an empty 200', new Response(null), 'storage-unavailable'],
    ['a 304 that was not asked for', new Response(null, { status: 304 }), 'storage-unavailable'],
    ["another API's 200", Response.json([]), 'storage-unavailable'],
    ["another API's 409", Response.json({ error: 'conflict' }, { status: 409 }), 'storage-unavailable'],
    ['a refusal without a known reason', refusal(409, 'bored'), 'storage-unavailable'],
    ['a refusal as signed out', refusal(409, 'signed-out'), 'storage-unavailable'],
  ]
  it.each(answers)('%s fails every call, and refuses nothing', async (_, response, code) => {
    const { adapter } = setUp(() => response.clone())
    for (const call of [
      () => adapter.save([change()]),
      () => adapter.remove('u1', ['c1']),
      () => adapter.clear('u1'),
      () => adapter.list('u1', { limit: 10 }),
      () => adapter.list('u1', { limit: 100 }),
      () => adapter.get('u1', 'c1'),
    ])
      await expect(call()).rejects.toMatchObject({ name: 'LeftoffError', code })
  })

  it('409 and 422 are refusals, of those changes that they name', async () => {
    for (const status of [409, 422]) {
      const { adapter } = setUp(() => refusal(status, 'unknown'))
      expect(await adapter.save([change(), change({ conversationId: 'c2' })])).toEqual([
        { conversationId: 'c1', reason: 'unknown' },
      ])
    }
  })

  it('a connection that dies is tried once more, and then is unreachable', async () => {
    let failures = 1
    const { adapter, server } = setUp(() => {
      if (failures-- > 0) throw new TypeError('fetch failed')
      return undefined
    })
    expect(await adapter.save([change()])).toEqual([])
    expect(await server.adapter.get('u1', 'c1')).toMatchObject({ conversationId: 'c1' })
    failures = 2
    await expect(adapter.save([change()])).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('none at all is unreachable in time, and the request is ended', async () => {
    let signal: AbortSignal | undefined
    const { adapter, clock } = setUp((request) => {
      ;({ signal } = request)
      return new Promise(() => {})
    })
    const saved = adapter.save([change()])
    const failed = expect(saved).rejects.toMatchObject({ code: 'unreachable' })
    await clock.advance(9_999)
    expect(signal?.aborted).toBe(false)
    await clock.advance(1)
    await failed
    expect(signal?.aborted).toBe(true)
  })

  it('nothing of another user, whoever signed in since: no row, no removal', async () => {
    const { adapter, device, server } = setUp()
    await server.adapter.save([change({ userId: 'u2', preview: { text: 'theirs', rank: 1 } })])
    device.userId = 'u2'
    for (const call of [
      () => adapter.save([change()]),
      () => adapter.remove('u1', ['c1']),
      () => adapter.clear('u1'),
      () => adapter.list('u1', { limit: 10 }),
      () => adapter.get('u1', 'c1'),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'forbidden' })
    expect(await server.adapter.get('u2', 'c1')).toMatchObject({ lastMessagePreview: 'theirs' })
  })
})

describe('a save', () => {
  const many = (count: number, fields: Partial<SessionChange> = {}) =>
    Array.from({ length: count }, (_, n) => change({ conversationId: `c${n}`, ...fields }))

  it('sends 100 changes at most, and 64 kB, however many there are', async () => {
    const bodies: string[] = []
    const { adapter } = setUp(async (request) => {
      bodies.push(await request.clone().text())
      return Response.json({ refusals: [] })
    })
    await adapter.save(many(1_000))
    expect(bodies).toHaveLength(10)
    bodies.length = 0
    // 3 kB each, in the bytes that travel.
    await adapter.save(many(100, { titles: { app: { text: '🙂'.repeat(750), rank: 1 } } }))
    expect(bodies).toHaveLength(5)
    for (const body of bodies) expect(new TextEncoder().encode(body).length).toBeLessThanOrEqual(65_536)
  })

  it('begins before it returns, because a page that goes away has no later', () => {
    const send = vi.fn<typeof fetch>(async () => Response.json({ refusals: [] }))
    void httpAdapter({ url: '/api/sessions', fetch: send }).save([change()])
    expect(send).toHaveBeenCalledTimes(1)
  })

  it.each([1, 700, 5_000])(
    'that is too large is cut in half until it fits: a server that takes %s bytes',
    async (room) => {
      let refused = 0
      let taken = 0
      const { adapter, server, device } = setUp(async (request) => {
        const { length } = await request.clone().text()
        if (length <= Math.max(room, 130)) {
          taken++
          return await server.routes.fetch(request)
        }
        refused++
        return html(413)
      })
      const before = many(60)
      expect(await adapter.save(before)).toEqual([])
      expect((await server.adapter.list('u1', { limit: 100 })).sessions).toHaveLength(60)
      expect(refused).toBeLessThanOrEqual(16)
      expect(taken).toBeLessThanOrEqual(60)
      // It is remembered how much the server takes.
      const asked = device.requests.length
      await adapter.save(before)
      expect(device.requests.length - asked).toBeLessThanOrEqual(taken + 1)
    },
  )

  it('of which one change is too large for the server is not lost, and the ones before it are saved', async () => {
    const { adapter, server } = setUp(async (request) =>
      (await request.clone().text()).includes('"c2"') ? html(413) : server.routes.fetch(request),
    )
    await expect(adapter.save(many(4))).rejects.toMatchObject({ code: 'storage-unavailable' })
    expect(ids((await server.adapter.list('u1', { limit: 9 })).sessions)).toEqual(['c0', 'c1'])
  })

  it('of two users is refused whole, before anything is sent', async () => {
    const { adapter, device } = setUp()
    await expect(adapter.save([...many(150), change({ userId: 'u2' })])).rejects.toMatchObject({ code: 'forbidden' })
    expect(device.requests).toEqual([])
  })

  it('leaves the epoch on the device', async () => {
    const { adapter, server } = setUp(async (request) => {
      expect(await request.clone().text()).not.toContain('epoch')
      return server.routes.fetch(request)
    })
    expect(await adapter.save([change({ epoch: 'one' })])).toEqual([])
  })
})

describe('Retry-After', () => {
  const busy = (status: number, retryAfter: string) => () =>
    new Response(null, { status, headers: { 'Retry-After': retryAfter } })

  it.each([
    [429, '30'],
    [503, '30'],
    [503, new Date(1_700_000_030_000).toUTCString()],
  ])('%s: the server is not asked before %s', async (status, retryAfter) => {
    const { adapter, device, clock } = setUp(busy(status, retryAfter))
    await expect(adapter.save([change()])).rejects.toMatchObject({ code: 'unreachable', retryAfterMs: 30_000 })
    device.answer = undefined
    await clock.advance(29_000)
    await expect(adapter.get('u1', 'c1')).rejects.toMatchObject({ code: 'unreachable', retryAfterMs: 1_000 })
    expect(device.requests).toHaveLength(1)
    await clock.advance(1_000)
    expect(await adapter.save([change()])).toEqual([])
  })

  it.each([
    [429, '0'],
    [429, '-5'],
    [503, 'soon'],
    [502, '30'],
  ])('%s with %s keeps nobody waiting', async (status, retryAfter) => {
    const { adapter, device } = setUp(busy(status, retryAfter))
    await expect(adapter.save([change()])).rejects.toMatchObject({ code: 'unreachable' })
    device.answer = undefined
    expect(await adapter.save([change()])).toEqual([])
  })

  it('is waited for at most five minutes', async () => {
    const { adapter, device, clock } = setUp(busy(503, '99999999999999999999'))
    await expect(adapter.save([change()])).rejects.toMatchObject({ retryAfterMs: 300_000 })
    device.answer = undefined
    await clock.advance(300_000)
    expect(await adapter.save([change()])).toEqual([])
  })
})

describe('the poll', () => {
  it('asks every 15 s, gets a 304 if nothing changed, and reports the ids of what did', async () => {
    const { adapter, server, device, clock } = setUp()
    await server.adapter.save([ranked('a', 1), ranked('b', 2)])
    const heard: (readonly string[])[] = []
    const stop = adapter.subscribe?.('u1', (changed) => heard.push(changed))
    await adapter.list('u1', { limit: 100 })
    for (let times = 1; times <= 3; times++) {
      await clock.advance(15_000)
      await vi.waitFor(() => expect(device.requests).toHaveLength(1 + times))
    }
    expect(device.requests.map(({ status }) => status)).toEqual([200, 304, 304, 304])
    expect(heard).toEqual([])

    await server.adapter.save([ranked('a', 3), ranked('c', 4)])
    await server.adapter.remove('u1', ['b'])
    await clock.advance(15_000)
    await vi.waitFor(() => expect(heard).toHaveLength(1))
    expect([...(heard[0] ?? [])].sort()).toEqual(['a', 'b', 'c'])

    stop?.()
    await server.adapter.save([ranked('d', 5)])
    await clock.advance(60_000)
    expect(device.requests).toHaveLength(5)
  })

  it('reports at once what a list of the newest has that was not known', async () => {
    const { adapter, server } = setUp()
    const heard: (readonly string[])[] = []
    adapter.subscribe?.('u1', (changed) => heard.push(changed))
    await adapter.list('u1', { limit: 100 })
    await server.adapter.save([ranked('a', 1)])
    await adapter.list('u1', { limit: 100 })
    expect(heard).toEqual([['a']])
  })

  it('says that anything may have changed if it knows nothing yet', async () => {
    const { adapter, clock } = setUp()
    const heard: (readonly string[])[] = []
    adapter.subscribe?.('u1', (changed) => heard.push(changed))
    await clock.advance(15_000)
    await vi.waitFor(() => expect(heard).toEqual([[]]))
  })

  it('continues after a failure', async () => {
    const { adapter, device, clock } = setUp()
    adapter.subscribe?.('u1', () => {})
    const answers = [html(401), new Response(null, { status: 503, headers: { 'Retry-After': '40' } })]
    device.answer = () => answers.shift()
    for (const number of [1, 2, 3, 4]) {
      // Also past what the 503 asked for. Each is answered before time goes on, or it would be a timeout.
      for (let times = 0; times < 5 && device.requests.length < number; times++) {
        await clock.advance(15_000)
        await vi.waitFor(() => expect(device.asked).toBe(device.requests.length))
      }
      await new Promise(setImmediate)
    }
    expect(device.requests.slice(0, 4).map(({ status }) => status)).toEqual([401, 503, 200, 304])
  })

  it('rests while the page is hidden', async () => {
    const { adapter, device, clock } = setUp()
    const page = { visibilityState: 'hidden' }
    vi.stubGlobal('document', page)
    onTestFinished(() => void vi.unstubAllGlobals())
    adapter.subscribe?.('u1', () => {})
    await clock.advance(60_000)
    expect(device.requests).toEqual([])
    page.visibilityState = 'visible'
    await clock.advance(15_000)
    await vi.waitFor(() => expect(device.requests).toHaveLength(1))
  })

  it('ends with the adapter', async () => {
    const { adapter, device, clock } = setUp()
    adapter.subscribe?.('u1', () => {})
    await adapter.close?.()
    await clock.advance(60_000)
    expect(device.requests).toEqual([])
    await expect(adapter.list('u1', { limit: 1 })).rejects.toMatchObject({ code: 'disposed' })
  })
})
