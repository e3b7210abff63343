import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createAdaptorServer } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { fileAgentSessions } from './agent-sessions-file.js'
import { createApp } from './app.js'
import { fileMessages } from './messages.js'
import { scriptedAgent } from './scripted-agent.js'
import { fileTranscripts } from './transcripts.js'
import { cookieSecret } from './user-cookie.js'

// The process: environment in, one line out. This file runs as examples/chat/dist/server/main.js.
const example = fileURLToPath(new URL('../..', import.meta.url))
const page = join(example, 'dist/page')
const data = resolve(process.env.DATA_DIR || join(example, '.data'))
const port = Number(process.env.PORT || 4717)

const transcripts = fileTranscripts(join(data, 'claude-sessions'))
const app = createApp({
  sessionStore: await fileAgentSessions(join(data, 'agent-sessions.json')),
  messages: fileMessages(join(data, 'messages')),
  transcripts,
  // The place for another agent, such as the Claude Agent SDK's `query`.
  agent: scriptedAgent({
    transcripts,
    now: Date.now,
    createId: randomUUID,
    pause: (ms, signal) => wait(ms, undefined, { signal }),
  }),
  html: await readFile(join(page, 'index.html'), 'utf8'),
  cookieSecret: await cookieSecret(data),
  onError: (error) => console.error(error),
  now: Date.now,
  createId: randomUUID,
})
app.get('/assets/*', serveStatic({ root: page }))

const server = createAdaptorServer({ fetch: app.fetch })
server.once('error', (error) => {
  console.error(`The chat example cannot listen on port ${port}: ${error.message}. Set PORT to another one.`)
  process.exit(1)
})
server.listen(port, () => {
  const { port: listening } = server.address() as AddressInfo // it listens on TCP, so this is no pipe's name
  console.log(`leftoff chat example: http://localhost:${listening}/chat`)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)
// npm hands a SIGTERM to its shell, which ends without handing it on: then this process has lost its parent.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && stop(), 250).unref()
}

/** Cuts the connections; the turns behind them stop and are put down as far as they came, then the process has nothing left to do. */
function stop(): void {
  server.close()
  if ('closeAllConnections' in server) server.closeAllConnections()
  setTimeout(() => process.exit(0), 3000).unref()
}
