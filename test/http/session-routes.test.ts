import { describe, expect, it } from 'vitest'
import { httpAdapter } from '../../src/adapters/http/http-adapter.js'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { LeftoffError, type LeftoffErrorCode } from '../../src/core/error.js'
import { type SessionRoutesOptions, sessionRoutes } from '../../src/server/session-routes.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { change, ranked } from '../../src/testing/session-adapter-harness.js'
import { serverInProcess } from './in-process.js'

function setUp(options: Partial<SessionRoutesOptions> = {}) {
  const server = serverInProcess(options)
  const device = server.device('u1')
  return { ...server, device, client: httpAdapter({ url: '/api/sessions', fetch: device.fetch }) }
}

function request(method: string, { search = '', body = '', headers = {} } = {}): Request {
  return new Request(`https://app.example/api/sessions${search}`, {
    method,
    headers: { Authorization: 'u1', 'Leftoff-User': 'u1', 'Content-Type': 'application/json', ...headers },
    ...(body && { body }),
  })
}

describe('the user', () => {
  it('is whom authorize names, also where ids are no ASCII', async () => {
    const userId = 'Zoë 🙂/%/ä'
    const asked: string[] = []
    const adapter = memoryAdapter()
    const { device } = setUp({
      authorize: () => ({ userId }),
      adapterOf: (of) => {
        asked.push(of)
        return adapter
      },
    })
    const client = httpAdapter({ url: '/api/sessions', fetch: device.fetch })
    expect(await client.save([change({ userId })])).toEqual([])
    expect(await client.get(userId, 'c1')).toMatchObject({ userId })
    expect(asked).toEqual([userId, userId])
  })

  it('is refused with the response that authorize gives', async () => {
    const { routes } = setUp({ authorize: async () => new Response('no', { status: 401, headers: { 'X-Own': '1' } }) })
    const response = await routes.GET(request('GET', { search: '?limit=1' }))
    expect([response.status, response.headers.get('X-Own'), await response.text()]).toEqual([401, '1', 'no'])
  })

  it.each([[{}], [{ userId: '' }], [{ userId: 'a\0b' }], [{ userId: 7 }]])(
    'is not what is no id: %j',
    async (answer) => {
      const errors: unknown[] = []
      const authorize = (() => answer) as unknown as SessionRoutesOptions['authorize'] // what an app without types may do
      const { routes } = setUp({ authorize, onError: (error) => errors.push(error) })
      const named = request('GET', { search: '?limit=1' })
      named.headers.delete('Leftoff-User')
      for (const asked of [named, request('GET', { search: '?limit=1' })])
        expect((await routes.GET(asked)).status).toBe(500)
      expect(errors).toHaveLength(2)
    },
  )
})

describe('an answer', () => {
  it('is never stored by a cache, and has an ETag if it is a list', async () => {
    const { routes, client } = setUp()
    await client.save([change()])
    const first = await routes.GET(request('GET', { search: '?limit=9' }))
    expect(first.headers.get('Cache-Control')).toBe('no-store')
    const etag = first.headers.get('ETag') ?? ''
    for (const known of [etag, `W/${etag}`]) {
      const again = await routes.GET(request('GET', { search: '?limit=9', headers: { 'If-None-Match': known } }))
      expect([again.status, await again.text()]).toEqual([304, ''])
    }
    await client.save([ranked('c2', 9)])
    const changed = await routes.GET(request('GET', { search: '?limit=9', headers: { 'If-None-Match': etag } }))
    expect(changed.status).toBe(200)
  })

  it('says 409 or 422 for what was refused, and which', async () => {
    const { routes, adapter } = setUp()
    await adapter.remove('u1', ['gone'])
    const post = (changes: unknown) => routes.POST(request('POST', { body: JSON.stringify({ changes }) }))
    const invalid = { ...change(), begins: -1 }
    const gone = change({ conversationId: 'gone' })
    expect((await post([change()])).status).toBe(200)
    expect((await post([change(), invalid])).status).toBe(422)
    const both = await post([gone, change(), invalid])
    expect(both.status).toBe(409)
    expect(await both.json()).toEqual({
      refusals: [
        { conversationId: 'c1', reason: 'invalid' },
        { conversationId: 'gone', reason: 'removed' },
      ],
    })
  })

  it.each<[LeftoffErrorCode, number]>([
    ['invalid-argument', 400],
    ['forbidden', 403],
    ['unreachable', 503],
    ['quota-exceeded', 507],
    ['storage-unavailable', 500],
    ['invalid-session', 500],
  ])('for an adapter that fails as %s is %s, and says no more than that', async (code, status) => {
    const errors: unknown[] = []
    const error = new LeftoffError(code, 'secret', { cause: 'secret', retryAfterMs: 1_200 })
    const adapter = { ...memoryAdapter(), list: () => Promise.reject(error) }
    const { routes } = setUp({ adapterOf: () => adapter, onError: (told) => errors.push(told) })
    const response = await routes.GET(request('GET', { search: '?limit=9' }))
    const said = code === 'invalid-session' ? 'storage-unavailable' : code
    expect([response.status, await response.json()]).toEqual([status, { code: said, message: expect.any(String) }])
    expect(response.headers.get('Retry-After')).toBe(status === 503 ? '2' : null)
    expect(errors).toEqual(status >= 500 ? [error] : [])
  })

  it('for an adapter or a body that never ends comes in time', async () => {
    const clock = manualClock()
    const adapter = { ...memoryAdapter(), list: () => new Promise<never>(() => {}) }
    const { routes } = setUp({ adapterOf: () => adapter, clock })
    const body = new ReadableStream({ pull: () => new Promise<void>(() => {}) })
    const endlessBody: RequestInit & { readonly duplex: 'half' } = { body, duplex: 'half' }
    const waiting = [
      routes.GET(request('GET', { search: '?limit=9' })),
      routes.POST(new Request(request('POST'), endlessBody)),
    ]
    await clock.advance(10_000)
    for (const response of waiting) expect((await response).status).toBe(503)
  })

  it('to any other method is 405', async () => {
    const { routes } = setUp()
    const response = await routes.fetch(request('DELETE'))
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'GET, POST'])
  })

  it.each<[string, number, Request, string]>([
    ['another method', 405, request('DELETE'), 'GET'],
    ['another type', 415, request('POST', { body: '{}', headers: { 'Content-Type': 'text/plain' } }), 'JSON'],
    ['no JSON', 400, request('POST', { body: '{' }), 'JSON'],
    ['too long a body', 413, request('POST', { body: ' '.repeat(65_537) }), '65536 bytes'],
    ['too many ids', 413, request('POST', { body: `{"remove":["${Array(101).fill('a').join('","')}"]}` }), '100'],
    ['a wrong field', 400, request('GET', { search: '?limit=x' }), '`limit`'],
  ])('that refuses %s is JSON with a code and a sentence, and never cached', async (_, status, asked, words) => {
    const response = await setUp().routes.fetch(asked)
    expect(response.status).toBe(status)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(await response.json()).toEqual({ code: 'invalid-argument', message: expect.stringContaining(words) })
  })
})

describe('a list', () => {
  it('has at most 1,000 sessions, and continues', async () => {
    const { client, adapter } = setUp()
    await adapter.save(Array.from({ length: 1_005 }, (_, n) => ranked(`c${n}`, n)))
    const page = await client.list('u1', { limit: 5_000 })
    expect(page.sessions).toHaveLength(1_000)
    expect((await client.list('u1', { limit: 5_000, after: page.next ?? '' })).sessions).toHaveLength(5)
  })

  it.each(['', '?limit=', '?limit=-1', '?limit=1.5', '?limit=1e3', '?limit=9&workspace=', '?conversationId='])(
    'with %s is 400',
    async (search) => {
      const { routes } = setUp()
      expect((await routes.GET(request('GET', { search }))).status).toBe(400)
    },
  )
})

describe('onRemove', () => {
  async function withSessions(onRemove: NonNullable<SessionRoutesOptions['onRemove']>) {
    const server = setUp({ onRemove })
    await server.adapter.save([
      ranked('a', 1),
      ranked('b', 2, { workspace: 'w:2' }),
      ...Array.from({ length: 250 }, (_, n) => ranked(`c${n}`, 3 + n)),
    ])
    return server
  }

  it('gets the tab key of each conversation that is removed, and of no other', async () => {
    const keys: string[] = []
    const { client } = await withSessions((key) => keys.push(key))
    await client.remove('u1', ['a', 'b', 'never there'])
    expect(keys.sort()).toEqual(['u1::w%3A2::b', 'u1::w::a'])
    await client.remove('u1', ['a'])
    expect(keys).toHaveLength(2)
  })

  it('gets all of a workspace that is cleared, or all', async () => {
    const keys = new Set<string>()
    const { client, adapter } = await withSessions((key) => keys.add(key))
    await client.clear('u1', 'w')
    expect(keys.size).toBe(251)
    expect(await adapter.list('u1', { limit: 9 })).toMatchObject({ sessions: [{ conversationId: 'b' }] })
    await client.clear('u1')
    expect(keys.size).toBe(252)
    expect(await adapter.list('u1', { limit: 9 })).toEqual({ sessions: [] })
    expect(await adapter.get('u1', 'c249')).toBe('removed')
  })

  it('that fails leaves the conversation, so that the browser tries again', async () => {
    let failures = 1
    const { client, adapter } = await withSessions(async () => {
      if (failures-- > 0) throw new Error('no agent sessions now')
    })
    await expect(client.remove('u1', ['a'])).rejects.toMatchObject({ code: 'unreachable' })
    expect(await adapter.get('u1', 'a')).toMatchObject({ conversationId: 'a' })
    await client.remove('u1', ['a'])
    expect(await adapter.get('u1', 'a')).toBe('removed')
  })
})

it('adapterOf may be asked for, such as from a pool', async () => {
  const adapter = memoryAdapter()
  const routes = sessionRoutes({ adapterOf: async () => adapter, authorize: async () => ({ userId: 'u1' }) })
  expect((await routes.POST(request('POST', { body: JSON.stringify({ changes: [change()] }) }))).status).toBe(200)
  expect(await adapter.get('u1', 'c1')).toMatchObject({ userId: 'u1' })
})
