import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { memoryTurnLog, supabaseAgentSessions } from 'leftoff/server'
import { type Browser, chromium, type Page } from 'playwright'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createApp } from '../../examples/chat/server/app.js'
import { fileMessages } from '../../examples/chat/server/messages.js'
import { scriptedAgent } from '../../examples/chat/server/scripted-agent.js'
import { serverClient } from '../../examples/chat/server/supabase-client.js'
import { fileTranscripts } from '../../examples/chat/server/transcripts.js'
import { createChatTurns } from '../../examples/chat/server/turns.js'
import { workspaces } from '../../examples/chat/shared/chat-api.js'
import { createLocalSupabase, type LocalSupabase } from '../../supabase/local/local-supabase.mjs'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { serve } from '../support/serve.js'
import { say } from './demo.js'

const day = 24 * 60 * 60

let supabase: LocalSupabase
let browser: Browser
let address: string

/** The demo's app, with a database in which a test can let time pass: expiry goes by the database's clock. */
beforeAll(async () => {
  supabase = await createLocalSupabase({ jwtSecret: `${randomUUID()}${randomUUID()}` })
  await supabase.pool.query('insert into app.domains (hostname) select unnest($1::text[])', [workspaces])
  const client = serverClient('http://localhost', supabase.serviceRoleKey, (input, init) =>
    supabase.fetch(new Request(input, init)),
  )
  const data = await mkdtemp(join(tmpdir(), 'leftoff-e2e-'))
  const transcripts = fileTranscripts(join(data, 'claude-sessions'))
  const sessionStore = supabaseAgentSessions({ client })
  const messages = fileMessages(join(data, 'messages'))
  const cookieSecret = 'a secret of this test'
  const onError = (error: unknown) => expect.unreachable(`${error}`)
  const app = createApp({
    sessionStore,
    messages,
    transcripts,
    turns: createChatTurns({
      sessionStore,
      log: memoryTurnLog(),
      messages,
      agent: scriptedAgent({ transcripts, now: Date.now, createId: randomUUID, pause: async () => {} }),
      cookieSecret,
      now: Date.now,
      onError,
    }),
    html: await readFile('examples/chat/dist/page/index.html', 'utf8'),
    cookieSecret,
    onError,
    createId: randomUUID,
  })
  app.get('/assets/*', serveStatic({ root: 'examples/chat/dist/page' }))
  const { port, close } = await serve(createAdaptorServer({ fetch: app.fetch }))
  address = `http://localhost:${port}/chat`
  browser = await chromium.launch(chromiumLaunchOptions())
  return async () => {
    await browser.close()
    await close()
    await supabase.close()
    await rm(data, { recursive: true, force: true })
  }
})

/** A new guest. */
async function visit(): Promise<Page> {
  const page = await browser.newPage({ reducedMotion: 'reduce' })
  onTestFinished(() => page.close())
  await page.goto(address)
  return page
}

/** Lets time pass for all sessions. */
const wait = (seconds: number) =>
  supabase.pool.query(
    `update iam.sessions set
       last_activity = last_activity - $1 * interval '1 second',
       expires_at = expires_at - $1 * interval '1 second'`,
    [seconds],
  )

describe('an agent session that ran out', () => {
  it('is resumed a day after its last use, until a minute before', async () => {
    const page = await visit()
    await say(page, 'my name is Ada')
    await wait(day - 60)
    expect(await say(page, 'what is my name?')).toMatch(/Ada/)
    await wait(day - 60) // the last turn slid it
    expect(await say(page, 'what is my name?')).toMatch(/Ada/)
    expect(await page.locator('[data-topic=context-lost]').count()).toBe(0)
  })

  it('is reported as lost context at 24 h + 1 s, once', async () => {
    const page = await visit()
    await say(page, 'my name is Ada')
    await wait(day + 1)
    expect(await say(page, 'what is my name?')).not.toMatch(/Ada/)
    await page.locator('[data-topic=context-lost]').waitFor()
    await say(page, 'my name is Grace')
    expect(await say(page, 'what is my name?')).toMatch(/Grace/)
    expect(await page.locator('[data-topic=context-lost]').count()).toBe(1)
    expect(await page.getByTestId('message').count()).toBe(8)
  })
})
