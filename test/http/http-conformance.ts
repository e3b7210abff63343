import { httpAdapter } from '../../src/adapters/http/http-adapter.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'

/** The server of a conformance run, in this process or in another. */
export interface RunningServer {
  readonly url: string
  restart(): Promise<void>
  reset(): Promise<void>
  plantNewer(userId: string, conversationId: string): Promise<void> | void
}

/** The contract over HTTP, with a server that is killed and started again before each call. */
export function httpConformance(world: () => RunningServer): void {
  const damaged = new Set<string>()
  let underWay = 0
  let ready = Promise.resolve()

  /** Calls that overlap meet one server: a restart between them would end those that are under way. */
  async function throughRestart(userId: string, ...[address, init]: Parameters<typeof fetch>): Promise<Response> {
    if (underWay++ === 0) ready = world().restart()
    try {
      await ready
      const headers = new Headers(init?.headers)
      headers.set('Authorization', userId)
      return damage(damaged, await fetch(address, { ...init, headers }))
    } finally {
      underWay--
    }
  }

  sessionAdapterConformance({
    open: (userId) =>
      httpAdapter({ url: world().url, pollMs: 20, fetch: (...request) => throughRestart(userId, ...request) }),
    async destroy() {
      damaged.clear()
      await world().reset()
    },
    async plant(kind, userId, conversationId) {
      // What is damaged in the server's storage never leaves it; this is one that came out of it so.
      if (kind === 'damaged') damaged.add(conversationId)
      else await world().plantNewer(userId, conversationId)
    },
  })
}

async function damage(conversationIds: ReadonlySet<string>, response: Response): Promise<Response> {
  if (conversationIds.size === 0 || !response.ok) return response
  const answer = JSON.parse(await response.text(), (_, value) =>
    conversationIds.has(value?.conversationId) && 'messageCount' in value ? { ...value, messageCount: '1' } : value,
  )
  return Response.json(answer, { headers: response.headers })
}
