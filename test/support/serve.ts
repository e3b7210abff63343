import { once } from 'node:events'
import type { Server } from 'node:net'

/** A server that listens, and how a test ends it. */
export interface Serving {
  readonly port: number
  /** Cuts the connections that are open; resolves once the server is closed. */
  close(): Promise<void>
}

/** Has the server listen on a free port: of every address of this machine, or of `host`. */
export async function serve(server: Server, host?: string): Promise<Serving> {
  // Else it closes a connection after five idle seconds: a test that computes as long, on a busy machine, would send on it all the same.
  if ('keepAliveTimeout' in server) server.keepAliveTimeout = 0
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port.')
  return {
    port: address.port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function') {
        server.closeAllConnections()
      }
      await closed
    },
  }
}
