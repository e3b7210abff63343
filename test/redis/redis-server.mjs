import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** @typedef {Awaited<ReturnType<typeof createRedisServer>>} RedisServer */

/**
 * A Redis of its own: in a temporary folder, reached by a socket in it, deleted at the end. Not started yet.
 *
 * @param {Record<string, string>} [settings] Of redis.conf, such as `{ appendonly: 'yes' }`.
 */
export async function createRedisServer(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'leftoff-redis-'))
  const socket = join(folder, 'socket')
  const all = { port: '0', unixsocket: socket, dir: folder, save: '', daemonize: 'no', ...settings }
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child

  const server = {
    socket,

    async start() {
      const started = spawn(process.env.REDIS_SERVER ?? 'redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
      child = started
      started.stdout.setEncoding('utf8')
      const failed = once(started, 'error').then(([error]) => {
        throw new Error('No redis-server found. Install redis-server, or set REDIS_SERVER to its path.', {
          cause: error,
        })
      })
      const ended = once(started, 'exit').then(([code]) => {
        throw new Error(`redis-server ended with ${code} before it was ready.`)
      })
      await Promise.race([untilReady(started.stdout), failed, ended])
      started.stdout.resume()
    },

    /**
     * SIGTERM ends it in an orderly way, SIGKILL as a crash does.
     *
     * @param {'SIGTERM' | 'SIGKILL'} [signal]
     */
    async stop(signal = 'SIGTERM') {
      const running = child
      child = undefined
      if (!running || running.exitCode !== null || running.signalCode !== null) return
      const exited = once(running, 'exit')
      running.kill(signal)
      await exited
    },

    async end() {
      await server.stop('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
  return server
}

/** @param {AsyncIterable<string>} output */
async function untilReady(output) {
  let said = ''
  for await (const text of output) {
    said += text
    if (said.includes('ready to accept connections at')) return
  }
}
