import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * A free port for a server that ends and comes back on it. It is below those that a system gives to whoever asks for any: one of
 * them could belong to another test by the time its server comes back.
 */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const server = createServer()
    const opened = once(server, 'listening')
    server.listen(port)
    try {
      await opened
    } catch {
      continue
    }
    const closed = once(server, 'close')
    server.close()
    await closed
    return port
  }
}
