import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../../src/adapters/memory/memory-adapter.js'
import { sessionRoutes } from '../../../src/server/session-routes.js'
import { change, ranked } from '../../../src/testing/session-adapter-harness.js'
import { userOf } from '../../http/session-world.js'
import { endlessBody } from '../../support/endless-body.js'

// Mallory is signed in as herself and sends what she likes. Ada has a history.

const url = 'https://app.example/api/sessions'

async function setUp() {
  const adapter = memoryAdapter()
  const calls: string[] = []
  const watched = new Proxy(adapter, {
    get(target, name, receiver) {
      calls.push(String(name))
      return Reflect.get(target, name, receiver)
    },
  })
  const routes = sessionRoutes({ adapterOf: () => watched, authorize: userOf })
  await adapter.save([ranked('c1', 1, { userId: 'ada', preview: { text: 'of Ada', rank: 1 } })])
  const before = await adapter.list('ada', { limit: 100 })
  return {
    adapter,
    calls,
    send: (init: RequestInit, search = '') =>
      routes.fetch(
        new Request(`${url}${search}`, {
          ...init,
          headers: {
            Authorization: 'mallory',
            'Leftoff-User': 'mallory',
            'Content-Type': 'application/json',
            ...init.headers,
          },
        }),
      ),
    /** Ada's history is as it was. */
    async expectUntouched() {
      expect(await adapter.list('ada', { limit: 100 })).toEqual(before)
    },
  }
}

const own = (n: number) => change({ userId: 'mallory', conversationId: `c${n}` })
const post = (body: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify(body) })

describe('another user', () => {
  it('named by any change, at any place, has the request refused whole', async () => {
    const { send, calls, adapter, expectUntouched } = await setUp()
    for (const place of [0, 1, 50, 99]) {
      for (const userId of ['ada', '', 'Mallory', ' mallory', ['mallory'], { toString: 'mallory' }, null, undefined]) {
        const changes: unknown[] = Array.from({ length: 100 }, (_, n) => own(n))
        changes[place] = { ...own(place), userId }
        expect((await send(post({ changes }))).status).toBe(403)
      }
    }
    expect(calls).toEqual([])
    expect(await adapter.list('mallory', { limit: 1 })).toEqual({ sessions: [] })
    await expectUntouched()
  })

  it('named by the header is refused, as is an empty one', async () => {
    const { send, calls, expectUntouched } = await setUp()
    for (const named of ['ada', '', 'mallory, ada', '%', '%E0%A4%A']) {
      const headers = { 'Leftoff-User': named }
      for (const init of [post({ clear: null }), post({ remove: ['c1'] }), post({ changes: [own(1)] })])
        expect((await send({ ...init, headers })).status).toBe(403)
      expect((await send({ headers }, '?limit=9')).status).toBe(403)
    }
    expect(calls).toEqual([])
    await expectUntouched()
  })

  it('is not reached by any name in a body or an address', async () => {
    const { send, expectUntouched } = await setUp()
    for (const body of [
      { userId: 'ada', clear: null },
      { user: 'ada', remove: ['c1'] },
      { changes: [{ ...own(1), conversationId: 'c1', __proto__: { userId: 'ada' } }] },
    ])
      await send(post(body))
    await send({ method: 'POST', body: '{"__proto__":{"userId":"ada"},"remove":["c1"]}' })
    const listed = await (await send({}, '?limit=100&userId=ada&user=ada')).text()
    expect(listed).not.toContain('of Ada')
    await expectUntouched()
  })

  it('does not show in an ETag: two empty histories have two', async () => {
    const { send } = await setUp()
    const mine = (await send({}, '?limit=9')).headers.get('ETag')
    const theirs = await send({ headers: { Authorization: 'eve', 'Leftoff-User': 'eve' } }, '?limit=9')
    expect(mine).not.toBe(theirs.headers.get('ETag'))
  })
})

describe('a form of another site', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'text/plain;application/json',
    '',
  ])('as %s does nothing', async (type) => {
    const { send, calls } = await setUp()
    const response = await send({ ...post({ clear: null }), headers: { 'Content-Type': type } })
    expect(response.status).toBe(415)
    expect(calls).toEqual([])
  })
})

describe('size', () => {
  it('400 MB are not read further than 64 kB, whatever length is claimed', async () => {
    for (const headers of [{}, { 'Content-Length': '10' }]) {
      const { send, calls } = await setUp()
      const endless = endlessBody()
      expect((await send({ ...endless.init, headers })).status).toBe(413)
      expect(endless.given()).toBeLessThanOrEqual(2 * 65_536)
      expect(endless.isCancelled()).toBe(true)
      expect(calls).toEqual([])
    }
  })

  it('a length in the header is believed', async () => {
    const { send, calls } = await setUp()
    const response = await send({ ...post({ clear: null }), headers: { 'Content-Length': '65537' } })
    expect(response.status).toBe(413)
    expect(calls).toEqual([])
  })

  it('6,000 changes are refused, as are 101', async () => {
    const { send, calls } = await setUp()
    const short = (n: number) => ({ userId: 'mallory', workspace: 'w', conversationId: `${n}` })
    for (const count of [101, 6_000]) {
      const changes = Array.from({ length: count }, (_, n) => short(n))
      expect((await send(post({ changes }))).status).toBe(413)
      expect((await send(post({ remove: changes.map((_, n) => `${n}`) }))).status).toBe(413)
    }
    expect(calls).toEqual([])
  })

  it('100 refused changes are answered in one short piece', async () => {
    const { send } = await setUp()
    const changes = Array.from({ length: 100 }, (_, n) => ({ ...own(n), begins: -1, preview: 'x'.repeat(400) }))
    const response = await send(post({ changes }))
    expect(response.status).toBe(422)
    expect((await response.text()).length).toBeLessThan(8_000)
  })

  it('30,000 brackets are no request', async () => {
    const { send } = await setUp()
    for (const body of ['['.repeat(60_000), `${'['.repeat(30_000)}${']'.repeat(30_000)}`, '{"changes":'.repeat(5_000)])
      expect((await send({ method: 'POST', body })).status).toBe(400)
  })
})

it('whatever is sent, the server answers, and nobody else’s history changes', async () => {
  const { send, adapter, expectUntouched } = await setUp()
  const name = fc.constantFrom(
    'userId',
    'changes',
    'remove',
    'clear',
    'conversationId',
    'workspace',
    'counts',
    '__proto__',
  )
  const leaf = fc.oneof(
    fc.constantFrom('mallory', 'ada', 'c1', 'w', '', 'a\0b', '\ud800'),
    fc.integer(),
    fc.constant(null),
  )
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(name, tie('value'), { maxKeys: 5 }),
      fc.record({ changes: fc.array(fc.dictionary(name, tie('value'))) }),
    ),
  }))
  await fc.assert(
    fc.asyncProperty(value, fc.string(), async (body, search) => {
      const responses = [await send(post(body)), await send({}, `?${encodeURI(search)}`)]
      for (const { status } of responses) expect([200, 400, 403, 409, 413, 422]).toContain(status)
    }),
    { numRuns: 300 },
  )
  await expectUntouched()
  for (const { userId } of (await adapter.list('mallory', { limit: 1_000 })).sessions) expect(userId).toBe('mallory')
})
