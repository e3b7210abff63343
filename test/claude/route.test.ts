import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TurnAnswer, TurnQuestion } from 'leftoff/server'
import { expect, it, onTestFinished, vi } from 'vitest'
import type * as Route from '../../examples/routes/claude-turns.js'
import { fakeMessagesApi } from './fake-messages-api.js'

const parts = vi.hoisted(() => ({
  messages: [] as string[],
  errors: [] as unknown[],
  root: '',
  agentEnv: {} as Record<string, string | undefined>,
}))

vi.mock('../../examples/routes/your-app.js', async () => {
  const server = await import('leftoff/server')
  return {
    sessions: server.memoryAgentSessions(),
    log: server.memoryTurnLog(),
    hasEarlier: async () => parts.messages.length > 2,
    agentEnv: parts.agentEnv,
    get root() {
      return parts.root
    },
    app: {
      authorize: () => ({ userId: 'ada' }),
      onQuestion: ({ input }: TurnQuestion<string>) => void parts.messages.push(input),
      onAnswer: ({ text }: TurnAnswer) => void parts.messages.push(text),
      onError: (error: unknown) => void parts.errors.push(error),
    },
  }
})

it('the whole route for the real SDK streams, resumes and stores, in at most 15 lines of its own', async () => {
  const home = await mkdtemp(join(tmpdir(), 'leftoff-claude-route-'))
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 3 }))
  const api = await fakeMessagesApi()
  onTestFinished(() => api.close())
  Object.assign(parts.agentEnv, {
    PATH: process.env.PATH,
    HOME: home,
    ANTHROPIC_BASE_URL: api.url,
    ANTHROPIC_API_KEY: 'no key is needed here',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
  })
  parts.root = join(home, 'sessions')
  const { POST }: typeof Route = await import('../../examples/routes/claude-turns.js')
  const say = async (turnId: string, message: string) => {
    const headers = { 'Content-Type': 'application/json' }
    const body = JSON.stringify({ workspace: 'demo.alive.best', conversationId: 'c', turnId, message })
    return (await POST(new Request('http://localhost/api/turn', { method: 'POST', headers, body }))).text()
  }
  const first = await say('t1', 'my name is Ada')
  expect(first).toContain('"type":"done"')
  const second = await say('t2', 'what is my name?')
  expect(second).toContain('{"type":"started","resumed":true}')
  expect(parts.messages).toEqual(['my name is Ada', 'Answer 1', 'what is my name?', 'Answer 2'])
  expect(api.seen[1]).toContain('my name is Ada')
  expect(parts.errors).toEqual([])

  const source = await readFile(new URL('../../examples/routes/claude-turns.ts', import.meta.url), 'utf8')
  const own = source.split('\n').filter((line) => line.trim() !== '' && !/^(import|\/\/)/.test(line))
  expect(own.length).toBeLessThanOrEqual(15)
}, 120_000)
