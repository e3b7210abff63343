import { expect, it, vi } from 'vitest'
import { GET, POST } from '../../examples/routes/sessions-route.js'
import { httpAdapter } from '../../src/adapters/http/http-adapter.js'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { memoryAgentSessions, memoryTurnLog, tabKey } from '../../src/server/index.js'
import { change } from '../../src/testing/session-adapter-harness.js'

// What the route takes from the app it is copied into.
const parts = vi.hoisted(() => ({ errors: [] as unknown[], made: {} as Record<string, unknown> }))
vi.mock('../../examples/routes/your-app.js', () => ({
  get history() {
    parts.made.history ??= memoryAdapter()
    return parts.made.history
  },
  get sessions() {
    parts.made.sessions ??= memoryAgentSessions()
    return parts.made.sessions
  },
  get log() {
    parts.made.log ??= memoryTurnLog()
    return parts.made.log
  },
  userOf: async (request: Request) => request.headers.get('x-user') ?? undefined,
  onError: (error: unknown) => parts.errors.push(error),
}))

it('the example route serves a history, and has the agent session go with its conversation', async () => {
  const sessions = memoryAgentSessions()
  parts.made.sessions = sessions
  const key = tabKey({ userId: 'u1', workspace: 'w', tabId: 'c1' })
  await sessions.set(key, 'agent session')
  let user: string | undefined = 'u1'
  const adapter = httpAdapter({
    url: 'https://app.example/api/sessions',
    fetch: (address, init) => {
      const request = new Request(address, init)
      if (user !== undefined) request.headers.set('x-user', user)
      return request.method === 'GET' ? GET(request) : POST(request)
    },
  })
  expect(await adapter.save([change()])).toEqual([])
  expect(await adapter.get('u1', 'c1')).toMatchObject({ conversationId: 'c1' })
  await adapter.remove('u1', ['c1'])
  expect(await adapter.get('u1', 'c1')).toBe('removed')
  expect(await sessions.get(key)).toBeUndefined()
  user = undefined
  await expect(adapter.list('u1', { limit: 1 })).rejects.toMatchObject({ code: 'signed-out' })
  expect(parts.errors).toEqual([])
})
