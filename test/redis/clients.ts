import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { RedisCommand } from '../../src/server/index.js'

/** One client's way to run a command, as an app would write it. */
export interface OpenedClient {
  readonly command: RedisCommand
  close(): Promise<void>
}

/** Fails at once while it is not connected: a turn's answer must not wait for a Redis that is gone. */
export async function withNodeRedis(socket: string): Promise<OpenedClient> {
  const client = createClient({
    socket: { path: socket, tls: false, reconnectStrategy: () => 50 },
    disableOfflineQueue: true,
  })
  client.on('error', () => undefined) // it connects again
  await client.connect()
  return {
    command: (args) => client.sendCommand([...args]),
    close: async () => client.destroy(),
  }
}

async function withIoredis(socket: string): Promise<OpenedClient> {
  const client = new Redis({ path: socket, lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => 50 })
  client.on('error', () => undefined) // it connects again
  await client.connect()
  return {
    command: ([name = '', ...args]) => client.call(name, ...args),
    close: async () => client.disconnect(),
  }
}

/** Each by its name. */
export const clients: Readonly<Record<string, (socket: string) => Promise<OpenedClient>>> = {
  'node-redis': withNodeRedis,
  ioredis: withIoredis,
}
