import { randomUUID } from 'node:crypto'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createAdaptorServer } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { memoryTurnLog, supabaseAgentSessions } from 'leftoff/server'
import { workspaces } from '../shared/chat-api.js'
import { createApp } from './app.js'
import { claudeAgent, findClaudeSdk } from './claude-agent.js'
import { fileMessages } from './messages.js'
import { scriptedAgent } from './scripted-agent.js'
import { storedSecret } from './stored-secret.js'
import { openSupabase } from './supabase.js'
import { fileTranscripts } from './transcripts.js'
import { createChatTurns } from './turns.js'
import { createUnderWay } from './under-way.js'

// The process: environment in, one line out. This file runs as examples/chat/dist/server/main.js.
const example = fileURLToPath(new URL('../..', import.meta.url))
const page = join(example, 'dist/page')
const data = resolve(process.env.DATA_DIR || join(example, '.data'))
const port = Number(process.env.PORT || 4717)
// This machine only, unless the person who starts it says otherwise: everyone who reaches it may chat.
const host = process.env.HOST || '127.0.0.1'
const hosts = [host, ...(process.env.HOSTS ?? '').split(',').map((name) => name.trim())].filter((name) => name !== '')
// 1 as a model that takes its time; the tests do not wait for it.
const agentPace = Number(process.env.AGENT_PACE || 1)

// Chats and secrets are in there: folders for this user alone, whatever is made in them.
process.umask(0o077)
await mkdir(data, { recursive: true })
await chmod(data, 0o700)

const supabase = await openSupabase(process.env, data, workspaces).catch(giveUp)
const claudeSessions = join(data, 'claude-sessions')
const transcripts = fileTranscripts(claudeSessions)
const sdk = await findClaudeSdk(process.env).catch(giveUp)
const underWay = createUnderWay()
const sessionStore = supabaseAgentSessions({ client: supabase.client })
const messages = fileMessages(join(data, 'messages'))
const cookieSecret = await storedSecret(data, 'cookie-secret')
const onError = (error: unknown) => console.error(error)
const turns = createChatTurns({
  sessionStore,
  log: memoryTurnLog(),
  messages,
  agent: sdk
    ? claudeAgent(sdk, claudeSessions, process.env)
    : scriptedAgent({
        transcripts,
        now: Date.now,
        createId: randomUUID,
        pause: (ms, signal) => wait(ms * agentPace, undefined, { signal }),
      }),
  cookieSecret,
  now: Date.now,
  onError,
})
const app = createApp({
  sessionStore,
  supabase: supabase.forPage,
  messages,
  transcripts,
  turns,
  html: await readFile(join(page, 'index.html'), 'utf8'),
  cookieSecret,
  hosts,
  onError,
  createId: randomUUID,
})
app.get('/assets/*', serveStatic({ root: page }))
const { fetch: answerSupabase } = supabase
if (answerSupabase) app.all('/rest/v1/*', (c) => answerSupabase(c.req.raw))

const server = createAdaptorServer({
  fetch: (request, env) => underWay.track(Promise.resolve(app.fetch(request, env))),
})
server.once('error', (error) => {
  giveUp(new Error(`it cannot listen on port ${port}: ${error.message}. Set PORT to another one.`))
})
server.listen(port, host, () => {
  const { port: listening } = server.address() as AddressInfo // it listens on TCP, so this is no pipe's name
  console.log(`leftoff chat example: http://localhost:${listening}/chat`)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)
// npm hands a SIGTERM to its shell, which ends without handing it on: then this process has lost its parent.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    void stop()
  }, 250).unref()
}

/** Ends the turns, which save how far they came, and cuts the connections; then the database is closed and nothing keeps the process. */
async function stop(): Promise<void> {
  // For an agent that does not end when it is asked to.
  setTimeout(() => process.exit(0), 3000).unref()
  const ended = turns.close()
  server.close()
  if ('closeAllConnections' in server) server.closeAllConnections()
  await Promise.all([ended, underWay.ended(2000)])
  await supabase.close()
}

function giveUp(error: Error): never {
  console.error(`The chat example did not start: ${error.message}`)
  process.exit(1)
}
