import { expect, it, vi } from 'vitest'
import { POST } from '../../examples/routes/claim-route.js'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { memoryAgentSessions, tabKey } from '../../src/server/index.js'
import { change } from '../../src/testing/session-adapter-harness.js'
import { endlessBody } from '../support/endless-body.js'

// What the route takes from the app it is copied into.
const parts = vi.hoisted(() => ({
  errors: [] as unknown[],
  moved: [] as unknown[],
  made: {} as Record<string, unknown>,
}))
vi.mock('../../examples/routes/your-app.js', () => ({
  get history() {
    return parts.made.history
  },
  get sessions() {
    return parts.made.sessions
  },
  userOf: async (request: Request) => request.headers.get('x-user') ?? undefined,
  guestOf: async (request: Request) => request.headers.get('x-guest') ?? undefined,
  moveMessages: async ({ signal: _, ...conversation }: { signal: AbortSignal }) => parts.moved.push(conversation),
  onError: (error: unknown) => parts.errors.push(error),
}))

const history = memoryAdapter()
const sessions = memoryAgentSessions()
parts.made = { history, sessions }

const send = (headers: Record<string, string>, init: RequestInit, search = '') =>
  POST(
    new Request(`https://app.example/api/claim${search}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      ...init,
    }),
  )
const claim = (headers: Record<string, string>, conversations: unknown = []) =>
  send(headers, { body: JSON.stringify({ conversations }) })

it('the example route moves what is in the account and what the browser names, and nothing for who did not sign in', async () => {
  const keyOf = (userId: string, tabId: string) => tabKey({ userId, workspace: 'w', tabId })
  await history.save([change({ userId: 'guest', conversationId: 'in-account' })])
  for (const id of ['in-account', 'on-device']) await sessions.set(keyOf('guest', id), `agent ${id}`)
  const onDevice = [{ workspace: 'w', conversationId: 'on-device' }]
  expect((await claim({ 'x-guest': 'guest' }, onDevice)).status).toBe(401)
  expect((await claim({ 'x-user': 'ada' }, onDevice)).status).toBe(204)
  expect(parts.moved).toEqual([])

  expect((await claim({ 'x-user': 'ada', 'x-guest': 'guest' }, onDevice)).status).toBe(204)
  expect(parts.moved).toHaveLength(2)
  expect(await history.get('ada', 'in-account')).toMatchObject({ userId: 'ada' })
  for (const id of ['in-account', 'on-device']) {
    expect(await sessions.get(keyOf('ada', id))).toBe(`agent ${id}`)
    expect(await sessions.get(keyOf('guest', id))).toBeUndefined()
  }
  expect(parts.errors).toEqual([])
})

it('the example route says so when something is left, so that the browser asks again', async () => {
  await sessions.set(tabKey({ userId: 'guest', workspace: 'w', tabId: 'c1' }), 'agent')
  const down = { ...sessions, renewTurn: () => Promise.reject(new Error('down')) }
  parts.made = { history, sessions: down }
  const conversations = [{ workspace: 'w', conversationId: 'c1' }]
  expect((await claim({ 'x-user': 'ada', 'x-guest': 'guest' }, conversations)).status).toBe(503)
  expect(parts.errors).toMatchObject([{ message: 'down' }])
})

it('the example route takes neither guest nor user from the body, and moves nothing of anyone who is named in it', async () => {
  parts.made = { history, sessions }
  parts.moved.length = 0
  const keyOf = (userId: string) => tabKey({ userId, workspace: 'w', tabId: 'of-bob' })
  await history.save([change({ userId: 'bob', conversationId: 'of-bob' })])
  await sessions.set(keyOf('bob'), 'agent of bob')
  const before = await history.list('bob', { limit: 10 })
  const named = { guest: 'bob', from: 'bob', guestId: 'bob', to: 'mallory', userId: 'mallory' }
  const body = JSON.stringify({ ...named, conversations: [{ workspace: 'w', conversationId: 'of-bob', ...named }] })
  for (const headers of [{ 'x-user': 'mallory' }, { 'x-user': 'mallory', 'x-guest': 'a guest of hers' }]) {
    await send(headers, { body }, '?guest=bob&from=bob')
  }
  expect(await history.list('bob', { limit: 10 })).toEqual(before)
  expect(await sessions.get(keyOf('bob'))).toBe('agent of bob')
  expect(await sessions.get(keyOf('mallory'))).toBeUndefined()
  expect(await history.get('mallory', 'of-bob')).toBeUndefined()
  for (const move of parts.moved) expect(move).toMatchObject({ from: 'a guest of hers', to: 'mallory' })
})

it('the example route reads a body of 400 MB no further than its limit, and no form of another site', async () => {
  parts.moved.length = 0
  const signedIn = { 'x-user': 'ada', 'x-guest': 'guest' }
  const endless = endlessBody()
  expect((await send(signedIn, endless.init)).status).toBe(413)
  expect(endless.given()).toBeLessThan(2 * 1024 * 1024)
  expect(endless.isCancelled()).toBe(true)
  const body = JSON.stringify({ conversations: [{ workspace: 'w', conversationId: 'c1' }] })
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
    expect((await send({ ...signedIn, 'Content-Type': type }, { body })).status).toBe(415)
  }
  expect((await send(signedIn, { body: '[]' })).status).toBe(400)
  expect(parts.moved).toEqual([])
})
