import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { type SessionRoutesOptions, sessionRoutes } from '../../src/server/session-routes.js'
import { userOf } from './session-world.js'

/** A server in this process: devices sign in and out, and their requests are noted. */
export function serverInProcess(options: Partial<SessionRoutesOptions> = {}) {
  const adapter = memoryAdapter()
  const routes = sessionRoutes({ adapterOf: () => adapter, authorize: userOf, ...options })
  return {
    adapter,
    routes,
    /** A browser with its own sign-in. `answer` may give another answer than the server's. */
    device(userId: string | undefined, answer?: (request: Request) => Response | undefined | Promise<Response>) {
      const requests: { readonly method: string; readonly search: string; readonly status: number }[] = []
      const device = {
        userId,
        answer,
        requests,
        fetch: (async (address, init) => {
          const request = new Request(new URL(`${address}`, 'https://app.example'), init)
          if (device.userId !== undefined) request.headers.set('Authorization', device.userId)
          const response = (await device.answer?.(request)) ?? (await routes.fetch(request))
          requests.push({
            method: request.method,
            search: decodeURIComponent(new URL(request.url).search),
            status: response.status,
          })
          return response
        }) satisfies typeof fetch,
      }
      return device
    },
  }
}
