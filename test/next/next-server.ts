import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { hasEnded } from '../support/end-process.js'

/** A running Next.js server of this folder. */
export interface NextServer {
  readonly address: string
  stop(): Promise<void>
}

/** `next build` in a folder. */
export async function buildNext(cwd = here): Promise<void> {
  await promisify(execFile)(process.execPath, [bin, 'build'], { cwd, env: envOf('production') })
}

/** Starts the app of a folder, this one, as `next dev`, as `next build` and `next start`, or as it was built. */
export async function startNext(
  mode: 'development' | 'production' | 'built',
  cwd = here,
  environment: Readonly<Record<string, string>> = {},
): Promise<NextServer> {
  if (mode === 'production') await buildNext(cwd)
  const command = mode === 'development' ? 'dev' : 'start'
  // A process group of its own, as `next dev` starts further processes.
  const server = spawn(process.execPath, [bin, command, '--port', '0'], {
    cwd,
    env: { ...envOf(mode === 'development' ? mode : 'production'), ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const exited = once(server, 'exit')
  const lines: string[] = []
  for await (const line of createInterface(server.stdout)) {
    lines.push(line)
    const address = /http:\/\/localhost:\d+/.exec(line)?.[0]
    if (!address) continue
    server.stdout.resume()
    return {
      address,
      async stop() {
        if (server.pid !== undefined && !hasEnded(server)) process.kill(-server.pid, 'SIGTERM')
        await exited
      },
    }
  }
  throw new Error(`next ${command} ended without an address:\n${lines.join('\n')}`)
}

const here = fileURLToPath(new URL('.', import.meta.url))
const bin = fileURLToPath(new URL('node_modules/next/dist/bin/next', import.meta.url))

/** What this process has, but not Vitest's `NODE_ENV`: each command of Next sets its own. */
function envOf(mode: 'development' | 'production'): NodeJS.ProcessEnv {
  return { ...process.env, NODE_ENV: mode, NEXT_TELEMETRY_DISABLED: '1' }
}
