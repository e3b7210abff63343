import { rm } from 'node:fs/promises'
import { createAdaptorServer } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { MockLanguageModelV4 } from 'ai/test'
import { Hono } from 'hono'
import { type Browser, chromium, type Page } from 'playwright'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { chromiumLaunchOptions } from '../../../test/chromium/find-chromium.js'
import { serve } from '../../../test/support/serve.js'
import { DELETE, GET, POST } from '../ai-sdk/route.js'
import { type Message, messagesOf } from '../ai-sdk/your-app.js'
import { buildPage } from './build-page.js'

// The app, whose model says what the test has it say.
const parts = vi.hoisted(() => ({
  answers: [] as { say(text: string): void; end(): void }[],
  waiting: [] as (() => void)[],
}))

vi.mock('../turns/model.js', () => {
  const tokens = { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 }
  const model = new MockLanguageModelV4({
    doStream: async () => ({
      stream: new ReadableStream({
        start(controller) {
          controller.enqueue({ type: 'text-start', id: '1' })
          parts.answers.push({
            say: (delta) => controller.enqueue({ type: 'text-delta', id: '1', delta }),
            end() {
              controller.enqueue({ type: 'text-end', id: '1' })
              controller.enqueue({
                type: 'finish',
                finishReason: { unified: 'stop', raw: 'stop' },
                usage: { inputTokens: tokens, outputTokens: { total: 2, text: 2, reasoning: 0 } },
              })
              controller.close()
            },
          })
          for (const tell of parts.waiting.splice(0)) tell()
        },
      }),
    }),
  })
  return { model }
})

let browser: Browser
let address: string

beforeAll(async () => {
  const { folder, html } = await buildPage()
  const app = new Hono()
    .get('/api/turn', (c) => GET(c.req.raw))
    .post('/api/turn', (c) => POST(c.req.raw))
    .delete('/api/turn', (c) => DELETE(c.req.raw))
    .get('/api/messages/:id', async (c) =>
      c.json(await messagesOf({ userId: 'guest', conversationId: c.req.param('id') })),
    )
    .use('/assets/*', serveStatic({ root: folder }))
    .get('*', (c) => c.html(html))
  const { port, close } = await serve(createAdaptorServer({ fetch: app.fetch }))
  address = `http://localhost:${port}`
  browser = await chromium.launch(chromiumLaunchOptions())
  return async () => {
    await browser.close()
    await close()
    await rm(folder, { recursive: true })
  }
}, 60_000)

async function open(): Promise<Page> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(`${address}/ai-sdk`)
  await page.getByLabel('Message').waitFor()
  return page
}

/** Sends a message; the answer that the test writes. */
async function ask(page: Page, text: string) {
  const begun = new Promise<void>((resolve) => parts.waiting.push(resolve))
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
  await begun
  const answer = parts.answers.at(-1)
  if (!answer) throw new Error('The model was asked.')
  return answer
}

const storedOf = async (page: Page) =>
  messagesOf({ userId: 'guest', conversationId: (await page.locator('output').textContent()) ?? '' })
const textOf = ({ parts }: Message) => parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
const shown = (page: Page) => page.getByRole('log').getByRole('listitem').allTextContents()

describe('useChat on a chat transport, in Strict Mode', { timeout: 60_000 }, () => {
  it('streams what streamText makes, under the id that the server stores', async () => {
    const page = await open()
    const answer = await ask(page, 'hello')
    answer.say('one ')
    await expect.poll(() => shown(page)).toEqual(['hello', 'one '])
    answer.say('two')
    answer.end()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    expect(await shown(page)).toEqual(['hello', 'one two'])
    const ids = await page
      .getByRole('log')
      .getByRole('listitem')
      .evaluateAll((lines) => lines.map((line) => line.dataset.id))
    expect(ids[1]).toBe(`${ids[0]}.answer`)
    expect((await storedOf(page)).map(({ id }) => id)).toEqual(ids)
  })

  it('continues after a reload in mid-answer, once', async () => {
    const page = await open()
    const answer = await ask(page, 'hello')
    answer.say('one ')
    await expect.poll(() => shown(page)).toEqual(['hello', 'one '])
    const begun = parts.answers.length
    await page.reload()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one '])
    answer.say('two')
    answer.end()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    expect(await shown(page)).toEqual(['hello', 'one two'])
    expect(parts.answers).toHaveLength(begun)
    await page.reload()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one two'])
  })

  it('stops on the server, also after a reload', async () => {
    const page = await open()
    const answer = await ask(page, 'hello')
    answer.say('one ')
    await expect.poll(() => shown(page)).toEqual(['hello', 'one '])
    await page.reload()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    expect(await shown(page)).toEqual(['hello', 'one '])
    await expect.poll(async () => (await storedOf(page)).map(textOf)).toEqual(['hello', 'one '])
  })

  it('shows in a tab that watches what the other one is answered, and takes over', async () => {
    const page = await open()
    const first = await ask(page, 'hello')
    first.say('one')
    first.end()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    const other = await page.context().newPage()
    await other.goto(`${address}/ai-sdk`)
    await other.getByRole('button', { name: /^hello/ }).click()
    await expect.poll(() => shown(other)).toEqual(['hello', 'one'])
    const second = await ask(page, 'and then')
    second.say('tw')
    await expect.poll(() => shown(other), { timeout: 10_000 }).toEqual(['hello', 'one', 'and then', 'tw'])
    second.say('o')
    second.end()
    await expect.poll(() => shown(other)).toEqual(['hello', 'one', 'and then', 'two'])
    await other.getByRole('button', { name: 'Use here' }).click()
    const third = await ask(other, 'at last')
    third.say('three')
    third.end()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one', 'and then', 'two', 'at last', 'three'])
  })

  it('offers to load again what could not be loaded, and to send again what was refused', async () => {
    const page = await open()
    const answer = await ask(page, 'hello')
    answer.say('one')
    answer.end()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    await page.route('**/api/messages/*', (route) => route.fulfill({ status: 500 }))
    await page.reload()
    await page.getByText('The messages could not be loaded.').waitFor()
    await page.unroute('**/api/messages/*')
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one'])
    await page.route('**/api/turn', (route) => route.fulfill({ status: 401, json: {} }), { times: 1 })
    await page.getByLabel('Message').fill('again')
    await page.getByRole('button', { name: 'Send' }).click()
    const begun = new Promise<void>((resolve) => parts.waiting.push(resolve))
    await page.getByRole('button', { name: 'Try again' }).click()
    await begun
    parts.answers.at(-1)?.say('two')
    parts.answers.at(-1)?.end()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one', 'again', 'two'])
  })

  it('waits while another tab’s answer is written, and says so after ten seconds', async () => {
    const page = await open()
    const conversationId = (await page.locator('output').textContent()) ?? ''
    const busy = await fetch(`${address}/api/turn`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ workspace: 'ai-sdk', conversationId, turnId: 'other', message: 'from elsewhere' }),
    })
    expect(busy.status).toBe(200)
    await page.getByLabel('Message').fill('hello')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('alert').getByText('An answer is being written already').waitFor({ timeout: 20_000 })
    parts.answers.at(-1)?.end()
    await busy.body?.cancel()
  })
})
