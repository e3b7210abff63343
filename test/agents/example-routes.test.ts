import { existsSync, readdirSync } from 'node:fs'
import { createServer, get } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { app as express } from '../../examples/routes/express-route.js'
import { app as fastify } from '../../examples/routes/fastify-route.js'
import { app as hono } from '../../examples/routes/hono-route.js'
import { server as http } from '../../examples/routes/http-route.js'
import * as next from '../../examples/routes/next-route.js'
import type { ChatMessage } from '../../examples/routes/your-app.js'
import type { ClaudeMessage } from '../../src/agents/claude/index.js'
import { turnQuery } from '../../src/core/turn-requests.js'
import type { TurnIds, TurnRun } from '../../src/server/index.js'
import { reading } from '../server/handler/handler-setup.js'
import { serve } from '../support/serve.js'

// What the routes take from the app they are copied into.
const parts = vi.hoisted(() => ({
  asked: [] as (string | undefined)[],
  errors: [] as unknown[],
  messages: new Map<string, ChatMessage>(),
  answer: undefined as Promise<void> | undefined,
}))

vi.mock('../../examples/routes/your-app.js', async () => {
  const server = await import('../../src/server/index.js')
  return {
    sessions: server.memoryAgentSessions(),
    log: server.memoryTurnLog(),
    userOf: async (request: Request) => request.headers.get('x-user') ?? undefined,
    isMember: async (_userId: string, workspace: string) => workspace === 'w',
    hasEarlier: async ({ userId, conversationId, messageId }: TurnIds) =>
      [...parts.messages.values()].some(
        (m) =>
          m.userId === userId &&
          m.conversationId === conversationId &&
          ![messageId, `${messageId}.answer`].includes(m.id),
      ),
    upsertMessage: async (message: ChatMessage) => {
      parts.messages.set([message.userId, message.conversationId, message.id].join('/'), message)
    },
    async *runAgent({ input, resume, signal }: TurnRun<string>): AsyncGenerator<ClaudeMessage> {
      parts.asked.push(resume)
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      const session_id = resume ?? id
      yield { type: 'system', subtype: 'init', session_id } as ClaudeMessage
      yield piece('You said ', session_id)
      await Promise.race([parts.answer, aborted])
      if (signal.aborted) throw new Error('Operation aborted')
      yield piece(input, session_id)
      const message = { content: [{ type: 'text', text: `You said ${input}` }] }
      yield { type: 'assistant', session_id, message } as ClaudeMessage
      yield { type: 'result', subtype: 'success', is_error: false, session_id } as ClaudeMessage
    },
    onError: (error: unknown) => parts.errors.push(error),
  }
})

const id = '0f0e2c9a-6c1f-4b5e-9a35-1f6f0f3d7a11'
const piece = (text: string, session_id: string) =>
  ({
    type: 'stream_event',
    session_id,
    event: { type: 'content_block_delta', delta: { type: 'text_delta', text } },
  }) as ClaudeMessage

/** Each takes a connection and some milliseconds. */
const readers = process.env.LEFTOFF_SOAK ? 300 : 50

const byMethod: Readonly<Record<string, (request: Request) => Promise<Response>>> = { ...next }

/** Opens a stream on a connection of its own, and breaks it off after the first bytes. */
function readAndLeave(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers: { 'x-user': 'ada' } }, (response) => {
      response.once('data', () => {
        request.off('error', reject)
        request.on('error', () => {})
        request.destroy()
        resolve()
      })
    })
    request.on('error', reject)
  })
}

const servers = {
  Next: async () =>
    createAdaptorServer({
      fetch: async (request) => byMethod[request.method]?.(request) ?? new Response(null, { status: 405 }),
    }),
  Hono: async () => createAdaptorServer({ fetch: hono.fetch }),
  Express: async () => createServer(express),
  Fastify: async () => {
    await fastify.ready()
    return fastify.server
  },
  'plain http': async () => http,
}

describe.each(Object.entries(servers))('the %s route', (name, create) => {
  const conversationId = name.replaceAll(' ', '-')
  const conversation = { workspace: 'w', conversationId }
  let address: string

  beforeAll(async () => {
    const { port, close } = await serve(await create())
    address = `http://localhost:${port}/api/turn`
    return close
  })

  beforeEach(() => {
    parts.asked.length = 0
    parts.errors.length = 0
    parts.answer = undefined
  })

  const post = (body: object, headers: Record<string, string> = { 'x-user': 'ada' }, signal?: AbortSignal) =>
    fetch(address, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ ...conversation, ...body }),
      ...(signal && { signal }),
    })
  const ask = (method: string, turnId?: string) =>
    fetch(`${address}?${turnQuery({ ...conversation, ...(turnId && { turnId }) })}`, {
      method,
      headers: { 'x-user': 'ada' },
    })

  it('answers piece by piece, stores both messages, and resumes the agent in the next turn', async () => {
    const read = reading(await post({ turnId: 't1', messageId: 'm1', message: 'hello' }))
    await read.ended
    expect(read.text()).toBe('You said hello')
    expect(read.events().at(-1)).toMatchObject({ type: 'done', kept: true })
    expect(parts.messages.get(`ada/${conversationId}/m1`)).toMatchObject({ role: 'user', text: 'hello' })
    expect(parts.messages.get(`ada/${conversationId}/m1.answer`)).toMatchObject({
      text: 'You said hello',
      outcome: 'done',
    })
    const second = reading(await post({ turnId: 't2', message: 'again' }))
    await second.ended
    expect(second.events()).toContainEqual({ type: 'started', resumed: true })
    expect(parts.asked).toEqual([undefined, id])
    expect(parts.errors).toEqual([])
  })

  it.each([
    ['says that the context is lost after its process was killed in the first answer', 'm2', true],
    ['says no such thing where that message is sent again', 'm1', false],
  ])('%s', async (_, messageId, isLost) => {
    const killed = { userId: 'ada', conversationId: `${conversationId}-killed-${messageId}` }
    parts.messages.set(`${killed.conversationId}/m1`, { ...killed, id: 'm1', role: 'user', text: 'My name is Ada.' })
    const read = reading(await post({ ...killed, turnId: 't1', messageId, message: 'Who am I?' }))
    await read.ended
    expect(read.events().some(({ type }) => type === 'recovered')).toBe(isLost)
  })

  it('continues when its page is closed in mid-answer; a page that opens in the meantime follows it', async () => {
    let go = () => {}
    parts.answer = new Promise((resolve) => {
      go = resolve
    })
    const left = new AbortController()
    const first = reading(await post({ turnId: 't3', message: 'on' }, { 'x-user': 'ada' }, left.signal))
    await expect.poll(() => first.text()).toBe('You said ')
    first.ended.catch(() => {})
    left.abort()
    const second = reading(await ask('GET'))
    await expect.poll(() => second.text()).toBe('You said ')
    go()
    await second.ended
    expect(second.text()).toBe('You said on')
    expect(parts.messages.get(`ada/${conversationId}/t3.answer`)).toMatchObject({ text: 'You said on' })
    expect((await ask('GET')).status).toBe(204)
  })

  it('stops a turn, and answers 409 to another one while it runs', async () => {
    parts.answer = new Promise(() => {})
    const read = reading(await post({ turnId: 't4', message: 'stop' }))
    await expect.poll(() => read.text()).toBe('You said ')
    expect((await post({ turnId: 't5', message: 'hello' })).status).toBe(409)
    expect((await ask('DELETE', 't4')).status).toBe(202)
    await read.ended
    expect(read.events().at(-1)).toEqual({ type: 'stopped' })
    expect(parts.messages.get(`ada/${conversationId}/t4.answer`)).toMatchObject({ outcome: 'stopped' })
  })

  it('refuses whoever is not signed in, is not a member, or sends something other than a turn', async () => {
    const statuses = [
      await post({ turnId: 't6', message: 'hello' }, {}),
      await post({ turnId: 't6', message: 'hello', workspace: 'other' }),
      await post({ turnId: 't6' }),
      await post({ turnId: 't6', message: 'x'.repeat(300_000) }),
      await fetch(address, { method: 'PUT' }),
    ].map(({ status }) => status)
    expect(statuses).toEqual([401, 404, 400, 413, 405])
    expect(parts.asked).toEqual([])
  })

  it(`has nothing left of ${readers} readers who leave in mid-answer, and stores the answer`, async () => {
    const warnings: unknown[] = []
    const onWarning = (warning: unknown) => void warnings.push(warning)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const sockets = () => process.getActiveResourcesInfo().filter((resource) => resource.startsWith('TCPSocket')).length
    // Descriptors are files of Linux.
    const descriptors = () => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0)
    const before = { sockets: sockets(), descriptors: descriptors() }
    let go = () => {}
    parts.answer = new Promise((resolve) => {
      go = resolve
    })
    const left = new AbortController()
    const first = reading(await post({ turnId: 't7', message: 'on' }, { 'x-user': 'ada' }, left.signal))
    first.ended.catch(() => {})
    await expect.poll(() => first.text()).toBe('You said ')
    await Promise.all(Array.from({ length: readers }, () => readAndLeave(`${address}?${turnQuery(conversation)}`)))
    left.abort()
    // All of them, before the answer ends: the server has heard that they left.
    await expect.poll(sockets, { timeout: 10_000 }).toBeLessThanOrEqual(before.sockets + 1)
    go()
    await expect.poll(() => parts.messages.get(`ada/${conversationId}/t7.answer`)?.text).toBe('You said on')
    expect(descriptors()).toBeLessThanOrEqual(before.descriptors + 2)
    expect(parts.errors).toEqual([])
    expect(warnings).toEqual([])
  })
})
