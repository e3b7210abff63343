import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { type SessionRoutesOptions, sessionRoutes } from '../../src/server/session-routes.js'
import { userOf } from './session-world.js'

/** A browser with a sign-in of its own. */
interface Device {
  /** Missing: nobody is signed in. */
  userId: string | undefined
  /** May give another answer than the server's. */
  answer: Answer | undefined
  /** How many requests it made, answered or not. */
  asked: number
  readonly requests: { readonly method: string; readonly search: string; readonly status: number }[]
  readonly fetch: typeof fetch
}

type Answer = (request: Request) => Response | undefined | Promise<Response>

/** A server in this process: devices sign in and out, and their requests are noted. */
export function serverInProcess(options: Partial<SessionRoutesOptions> = {}) {
  const adapter = memoryAdapter()
  const routes = sessionRoutes({ adapterOf: () => adapter, authorize: userOf, ...options })
  return {
    adapter,
    routes,
    device(userId: string | undefined, answer?: Answer): Device {
      const device: Device = {
        userId,
        answer,
        asked: 0,
        requests: [],
        async fetch(address, init) {
          device.asked++
          const request = new Request(new URL(`${address}`, 'https://app.example'), init)
          if (device.userId !== undefined) request.headers.set('Authorization', device.userId)
          const response = (await device.answer?.(request)) ?? (await routes.fetch(request))
          device.requests.push({
            method: request.method,
            search: decodeURIComponent(new URL(request.url).search),
            status: response.status,
          })
          return response
        },
      }
      return device
    },
  }
}
