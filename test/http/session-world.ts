import { once } from 'node:events'
import type { Server } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { sessionRoutes } from '../../src/server/session-routes.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'
import { lastingPort } from '../support/lasting-port.js'

/** The storage of an app's server and the server on it, which can be killed and started again on the same port. */
export async function sessionWorld() {
  let disk = fakeBrowser()
  let server: Server | undefined
  let adapter: SessionAdapter | undefined
  const port = await lastingPort()

  async function start(): Promise<void> {
    // A process of its own knows nothing but what is stored.
    adapter = localStorageAdapter(disk.openTab())
    const own = adapter
    const routes = sessionRoutes({ adapterOf: () => own, authorize: userOf })
    const next = createAdaptorServer({ fetch: (request) => withCors(request, routes.fetch) })
    if (!('closeAllConnections' in next)) throw new Error('Expected a server of HTTP/1.1.')
    server = next
    next.listen(port, '127.0.0.1')
    await once(next, 'listening')
  }

  async function stop(): Promise<void> {
    if (!server) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
    // Clients in this process hear of it in the next rounds of the event loop: until then they would reuse each connection that died.
    for (let round = 0; round < 3; round++) await setImmediate()
    await adapter?.close?.()
    server = undefined
  }

  /** One after the other: two that start at once want the same port. */
  let last = Promise.resolve()
  function inTurn(run: () => Promise<void>): Promise<void> {
    last = last.then(run, run)
    return last
  }

  await start()
  return {
    url: `http://127.0.0.1:${port}/api/sessions`,
    stop: () => inTurn(stop),
    start: () => inTurn(start),
    restart: () =>
      inTurn(async () => {
        await stop()
        await start()
      }),
    /** Empties the storage. */
    reset: () =>
      inTurn(async () => {
        await stop()
        disk = fakeBrowser()
        await start()
      }),
    /** Has a row written by a later leftoff. */
    plantNewer(userId: string, conversationId: string): void {
      const storage = disk.localStorage
      const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
      for (const key of keys.filter((key) => key.includes(`/part/${userId}/`) && key.includes(`/${conversationId}/`))) {
        const row = JSON.parse(storage.getItem(key) ?? '{}')
        disk
          .openTab()
          .storage()
          .setItem(key, JSON.stringify({ ...row, schemaVersion: 2 }))
      }
    },
  }
}

/** Signs in whoever says so, which is enough for a test. */
export function userOf(request: Request): { userId: string } | Response {
  const userId = request.headers.get('Authorization')
  return userId === null ? new Response('Sign in first.', { status: 401 }) : { userId }
}

async function withCors(request: Request, answer: (request: Request) => Promise<Response>): Promise<Response> {
  const response = request.method === 'OPTIONS' ? new Response(null, { status: 204 }) : await answer(request)
  const headers = new Headers(response.headers)
  headers.set('Access-Control-Allow-Origin', '*')
  headers.set('Access-Control-Allow-Headers', 'authorization, content-type, if-none-match, leftoff-user')
  headers.set('Access-Control-Expose-Headers', 'etag, retry-after')
  return new Response(response.body, { status: response.status, headers })
}
