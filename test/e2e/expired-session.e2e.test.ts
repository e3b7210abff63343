import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { chromium } from 'playwright'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fileAgentSessions } from '../../examples/chat/server/agent-sessions-file.js'
import { createApp } from '../../examples/chat/server/app.js'
import { fileMessages } from '../../examples/chat/server/messages.js'
import { scriptedAgent } from '../../examples/chat/server/scripted-agent.js'
import { fileTranscripts } from '../../examples/chat/server/transcripts.js'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { say } from './demo.js'

const day = 24 * 60 * 60 * 1000

/** The demo's app on a clock that the test moves, in a browser. */
async function setUp() {
  let time = Date.parse('2026-01-01T12:00:00Z')
  const now = () => time
  const data = await mkdtemp(join(tmpdir(), 'leftoff-e2e-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const transcripts = fileTranscripts(join(data, 'claude-sessions'))
  const app = createApp({
    sessionStore: await fileAgentSessions(join(data, 'agent-sessions.json'), { now }),
    messages: fileMessages(join(data, 'messages')),
    transcripts,
    agent: scriptedAgent({ transcripts, now, createId: randomUUID, pause: async () => {} }),
    html: await readFile('examples/chat/dist/page/index.html', 'utf8'),
    cookieSecret: 'a secret of this test',
    onError: (error) => expect.unreachable(`${error}`),
    now,
    createId: randomUUID,
  })
  app.get('/assets/*', serveStatic({ root: 'examples/chat/dist/page' }))
  const server = createAdaptorServer({ fetch: app.fetch })
  await new Promise<void>((resolve) => server.listen(0, () => resolve()))
  onTestFinished(() => void server.close())
  const browser = await chromium.launch(chromiumLaunchOptions())
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  const { port } = server.address() as AddressInfo // it listens on TCP, so this is no pipe's name
  await page.goto(`http://localhost:${port}/chat`)
  return {
    page,
    wait(ms: number) {
      time += ms
    },
  }
}

describe('an agent session that ran out', () => {
  it('is resumed a day after its last use, to the millisecond before', async () => {
    const { page, wait } = await setUp()
    await say(page, 'my name is Ada')
    wait(day - 1)
    expect(await say(page, 'what is my name?')).toMatch(/Ada/)
    wait(day - 1) // the last turn slid it
    expect(await say(page, 'what is my name?')).toMatch(/Ada/)
    expect(await page.locator('[data-topic=context-lost]').count()).toBe(0)
  })

  it('is told as lost context at 24 h + 1 s, once', async () => {
    const { page, wait } = await setUp()
    await say(page, 'my name is Ada')
    wait(day + 1_000)
    expect(await say(page, 'what is my name?')).not.toMatch(/Ada/)
    await page.locator('[data-topic=context-lost]').waitFor()
    await say(page, 'my name is Grace')
    expect(await say(page, 'what is my name?')).toMatch(/Grace/)
    expect(await page.locator('[data-topic=context-lost]').count()).toBe(1)
    expect(await page.getByTestId('message').count()).toBe(8)
  })
})
