import { once } from 'node:events'
import { createServer, connect as dial, type Socket } from 'node:net'

/** A way to a server that can be cut, as a cable. */
export async function breakableLine(port: number) {
  const pairs = new Set<readonly [Socket, Socket]>()
  let state: 'whole' | 'cut' | 'silent' = 'whole'

  function join([near, far]: readonly [Socket, Socket]): void {
    near.pipe(far)
    far.pipe(near)
  }

  const server = createServer((near) => {
    if (state === 'cut') return near.destroy()
    const far = dial(port, 'localhost')
    const pair = [near, far] as const
    pairs.add(pair)
    for (const [one, other] of [pair, [far, near]] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => {
        pairs.delete(pair)
        other.destroy()
      })
    }
    if (state === 'whole') join(pair)
  })
  server.listen(0)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port.')

  function cut(): void {
    state = 'cut'
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }

  return {
    address: `http://localhost:${address.port}`,
    port: address.port,
    /** Breaks every connection, and each new one. */
    cut,
    /** Nothing gets through, and nobody hears that it does not: what was sent arrives once the line is mended. */
    silence(): void {
      state = 'silent'
      for (const [near, far] of pairs) {
        near.unpipe(far)
        far.unpipe(near)
      }
    },
    mend(): void {
      const before = state
      state = 'whole'
      if (before === 'silent') for (const pair of pairs) join(pair)
    },
    async close(): Promise<void> {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}
