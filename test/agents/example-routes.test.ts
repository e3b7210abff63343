import { beforeEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../examples/routes/hono-route.js'
import { POST } from '../../examples/routes/next-route.js'
import type { ClaudeMessage } from '../../src/agents/claude/index.js'
import { readTurn } from '../../src/core/read-turn.js'
import { type AgentRequest, memoryAgentSessions, tabKey } from '../../src/server/index.js'

// What the routes take from the app they are copied into.
const parts = vi.hoisted(() => ({
  asked: [] as (string | undefined)[],
  errors: [] as unknown[],
  hasMessages: false,
  sessionStore: undefined as ReturnType<typeof memoryAgentSessions> | undefined,
}))

vi.mock('../../examples/routes/your-app.js', () => ({
  get sessionStore() {
    return parts.sessionStore
  },
  userOf: async (request: Request) => request.headers.get('x-user') ?? undefined,
  isMember: async (_userId: string, workspace: string) => workspace === 'w',
  parseTurn: (body: unknown) => (body && typeof body === 'object' && 'message' in body ? body : undefined),
  hasMessages: async () => parts.hasMessages,
  async *runAgent({ message }: { message: string }, { resume }: AgentRequest): AsyncGenerator<ClaudeMessage> {
    parts.asked.push(resume)
    const session_id = resume ?? id
    const said = { type: 'assistant', session_id, message: { content: [{ type: 'text', text: `You: ${message}` }] } }
    const result = { type: 'result', subtype: 'success', is_error: false, session_id }
    yield* [{ type: 'system', subtype: 'init', session_id } as ClaudeMessage, said, result]
  },
  toClient: (message: ClaudeMessage) => (message.type === 'assistant' ? { text: 'the answer' } : undefined),
  onError: (error: unknown) => parts.errors.push(error),
}))

const id = '0f0e2c9a-6c1f-4b5e-9a35-1f6f0f3d7a11'
const key = tabKey({ userId: 'ada', workspace: 'w', tabId: 't' })
const turn = { workspace: 'w', conversationId: 't', tabId: 't', message: 'hello' }

function request(body: unknown, headers: Record<string, string> = { 'x-user': 'ada' }): Request {
  return new Request('http://localhost/api/turn', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

async function eventsOf(response: Response): Promise<unknown[]> {
  const events: unknown[] = []
  for await (const event of readTurn(response)) events.push(event)
  return events
}

beforeEach(() => {
  parts.sessionStore = memoryAgentSessions()
  parts.asked.length = 0
  parts.errors.length = 0
  parts.hasMessages = false
})

describe.each([
  ['Next', POST],
  ['Hono', async (request: Request) => app.request(request)],
])('the %s route', (_, handle) => {
  it('answers, and resumes the agent’s session in the next turn', async () => {
    const events = await eventsOf(await handle(request(turn)))
    expect(events).toEqual([
      { type: 'started', resumed: false },
      { type: 'message', message: { text: 'the answer' } },
      { type: 'done', usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }, preview: 'You: hello' },
    ])
    expect((await eventsOf(await handle(request(turn))))[0]).toEqual({ type: 'started', resumed: true })
    expect(parts.asked).toEqual([undefined, id])
    expect(parts.errors).toEqual([])
  })

  it('says that the context is lost where the conversation has messages and the agent has nothing', async () => {
    parts.hasMessages = true
    expect((await eventsOf(await handle(request(turn))))[0]).toEqual({
      type: 'recovered',
      reason: 'unknown',
      contextLost: true,
    })
  })

  it('answers 409 while another turn runs', async () => {
    await parts.sessionStore?.beginTurn(key, {
      leaseId: 'another',
      leaseMs: 30_000,
      turnId: 'another',
      messageHash: 'hash',
    })
    expect((await handle(request(turn))).status).toBe(409)
    expect(parts.asked).toEqual([])
  })

  it('lets nobody in who is not signed in, no member, or sends no turn', async () => {
    const statuses = [request(turn, {}), request({ ...turn, workspace: 'other' }), request({ workspace: 'w' })].map(
      async (sent) => (await handle(sent)).status,
    )
    expect(await Promise.all(statuses)).toEqual([401, 404, 400])
    expect(parts.asked).toEqual([])
  })
})
