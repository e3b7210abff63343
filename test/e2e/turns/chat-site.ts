import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { claudeDriver } from 'leftoff/agents/claude'
import { createTurnHandler, memoryAgentSessions, memoryTurnLog } from 'leftoff/server'
import { bundlePage } from '../../support/bundle-page.js'
import { readGuide, writeFiles } from '../../support/guide-files.js'
import { serve } from '../../support/serve.js'
import { scriptedAnswers } from './scripted-answers.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
/** For all files of this worker. */
let bundled: Promise<string> | undefined

/**
 * The chat of the guide for Vite, as it stands there, for users who are signed in by their address `/chat/<user>`. Its server is in
 * this process, with an agent that says what the test has it say.
 */
export async function startChatSite({ leaseMs = 30_000 } = {}) {
  bundled ??= bundle()
  const script = await bundled
  const { run, answers, answerTo } = scriptedAnswers()
  const messages = new Map<string, { id: string; role: 'user' | 'assistant'; text: string; outcome?: string }>()
  const errors: unknown[] = []
  const keyOf = (...ids: readonly string[]) => ids.join(' ')
  const sessions = memoryAgentSessions()
  const log = memoryTurnLog()

  /** The handler of a process, and how that is killed. */
  function startProcess() {
    let isDead = false
    /** What a process reaches outside of itself, while it lives. */
    const mortal = <T extends object>(outside: T): T =>
      new Proxy(outside, {
        get(target, name) {
          if (isDead) return () => Promise.reject(new Error('This process is dead.'))
          return Reflect.get(target, name)
        },
      })
    const handler = createTurnHandler({
      sessions: mortal(sessions),
      log: mortal(log),
      leaseMs,
      agent: claudeDriver,
      authorize(request) {
        const userId = /\buser=(\w+)/.exec(request.headers.get('cookie') ?? '')?.[1]
        return userId === undefined ? new Response('Sign in first.', { status: 401 }) : { userId }
      },
      hasHistory: () => false,
      run: ({ input, signal }) => run({ message: input, signal }),
      onQuestion: ({ userId, conversationId, messageId, input }) => {
        messages.set(keyOf(userId, conversationId, messageId), { id: messageId, role: 'user', text: input })
      },
      onAnswer({ userId, conversationId, answerId, text, outcome }) {
        const answer = { id: answerId, role: 'assistant', text, outcome } as const
        if (!isDead) messages.set(keyOf(userId, conversationId, answerId), answer)
      },
      onError: (error) => isDead || errors.push(error),
    })
    return {
      handler,
      kill() {
        isDead = true
      },
    }
  }
  let process = startProcess()

  const app = new Hono()
  app.get('/page.js', (c) => c.body(script, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }))
  app.get('/chat/:user', (c) => {
    setCookie(c, 'user', c.req.param('user'))
    return c.html(html)
  })
  app.all('/api/turn', (c) => process.handler.fetch(c.req.raw))
  app.get('/api/messages/:id', (c) => {
    const own = `${keyOf(getCookie(c, 'user') ?? '', c.req.param('id'))} `
    const found = [...messages].flatMap(([key, message]) => (key.startsWith(own) ? [message] : []))
    return c.json(found, 200, { 'Cache-Control': 'no-store' })
  })
  const server = createAdaptorServer({ fetch: app.fetch })
  const { port, close } = await serve(server, '127.0.0.1')

  return {
    port,
    /** Each `origin` has a storage of its own. */
    url: (origin: string, user: string, adapter: 'localStorage' | 'dexie' = 'localStorage') =>
      `http://${origin.toLowerCase()}.localhost:${port}/chat/${user}?adapter=${adapter}`,
    /** Every answer that has begun, and the next one to a message. */
    answers,
    answerTo,
    errors,
    /** Ends the process in mid-answer, without a word, and starts another. */
    restart(): void {
      process.kill()
      if ('closeAllConnections' in server) server.closeAllConnections()
      process = startProcess()
    },
    async end(): Promise<void> {
      for (const answer of answers) answer.end()
      await process.handler.close()
      await close()
    },
  }
}

async function bundle(): Promise<string> {
  await mkdir(join(root, '.cache'), { recursive: true })
  const folder = await mkdtemp(join(root, '.cache/chat-'))
  try {
    const guide = [...(await readGuide('docs/start-vite.md'))].filter(([path]) => path.endsWith('.tsx'))
    const page = JSON.stringify(fileURLToPath(new URL('chat-page.tsx', import.meta.url)))
    await writeFiles(folder, [
      ...guide,
      ['src/chat.ts', `import { showChat } from ${page}\nimport { App } from './App'\nshowChat(App)`],
    ])
    return await bundlePage(join(folder, 'src/chat.ts'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Chat</title>
<link rel="icon" href="data:,">
<div id="root"></div>
<script type="module" src="/page.js"></script>`
