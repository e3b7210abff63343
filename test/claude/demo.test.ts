import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { query } from '@anthropic-ai/claude-agent-sdk'
import { memoryAgentSessions, memoryTurnLog, tabKey } from 'leftoff/server'
import { expect, it, onTestFinished } from 'vitest'
import { createApp } from '../../examples/chat/server/app.js'
import { claudeAgent } from '../../examples/chat/server/claude-agent.js'
import { fileMessages } from '../../examples/chat/server/messages.js'
import { fileTranscripts } from '../../examples/chat/server/transcripts.js'
import { createChatTurns } from '../../examples/chat/server/turns.js'
import { reading } from '../server/handler/handler-setup.js'
import { fakeMessagesApi } from './fake-messages-api.js'

const workspace = 'demo.alive.best'
const conversationId = '7d1c5b1e-2f6a-4b77-9a54-0c9f7f1f3f11'

/** The demo's server on the real SDK, and a browser with its cookie. */
async function setUp() {
  const data = await mkdtemp(join(tmpdir(), 'leftoff-demo-claude-'))
  onTestFinished(() => rm(data, { recursive: true, force: true, maxRetries: 3 }))
  const api = await fakeMessagesApi()
  onTestFinished(() => api.close())
  const env = {
    PATH: process.env.PATH,
    HOME: data,
    ANTHROPIC_BASE_URL: api.url,
    ANTHROPIC_API_KEY: 'no key is needed here',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
  }
  const root = join(data, 'claude-sessions')
  const sessionStore = memoryAgentSessions()
  const messages = fileMessages(join(data, 'messages'))
  const cookieSecret = 'a secret of this test, long enough to sign with'
  const onError = (error: unknown) => {
    throw error
  }
  const app = createApp({
    sessionStore,
    messages,
    transcripts: fileTranscripts(root),
    turns: createChatTurns({
      sessionStore,
      log: memoryTurnLog(),
      messages,
      agent: claudeAgent({ query }, root, env),
      cookieSecret,
      now: Date.now,
      onError,
    }),
    html: '<div id="root"></div>',
    cookieSecret,
    onError,
    createId: () => 'ada',
  })
  const cookie = (await app.request('/chat')).headers.get('set-cookie')?.split(';')[0] ?? ''
  const seen: string[] = []

  async function post(path: string, body: object): Promise<Response> {
    const headers = { cookie, 'Content-Type': 'application/json' }
    const request = { workspace, conversationId, ...body }
    const response = await app.request(`http://localhost${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(request),
    })
    seen.push(await response.clone().text())
    return response
  }

  return {
    api,
    seen,
    agentSession: () => sessionStore.get(tabKey({ userId: 'ada', workspace, tabId: conversationId })),
    transcripts: () => readdir(join(root, workspace, '.claude', 'projects'), { recursive: true }),
    async say(message: string) {
      const turn = { messageId: crypto.randomUUID(), turnId: crypto.randomUUID(), message }
      const read = reading(await post('/api/turn', turn))
      await read.ended
      return { answer: read.text(), events: read.events() }
    },
    forget: async (): Promise<unknown> => (await post('/api/forget', {})).json(),
  }
}

it('lets the demo talk with the real agent, resume it, and say so when it has forgotten', async () => {
  const { api, seen, agentSession, transcripts, say, forget } = await setUp()

  const first = await say('my name is Ada')
  expect(first.answer).toBe('Answer 1')
  expect(first.events.at(-1)).toMatchObject({ type: 'done', usage: { input: 10, output: 5 } })
  const before = await agentSession()
  expect((await transcripts()).filter((file) => file.endsWith(`${before}.jsonl`))).toHaveLength(1)

  const second = await say('what is my name?')
  expect(second.events[1]).toEqual({ type: 'started', resumed: true })
  expect(api.seen[1]).toContain('my name is Ada')

  expect(await forget()).toEqual({ forgotten: true })
  const third = await say('and now?')
  expect(third.answer).toBe('Answer 3')
  expect(third.events[1]).toEqual({ type: 'recovered', reason: 'stale', contextLost: true })
  expect(api.seen[2]).not.toContain('Ada')

  const after = await agentSession()
  expect(after).not.toBe(before)
  for (const id of [before, after]) {
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(seen.join('\n')).not.toContain(id)
  }
}, 120_000)
