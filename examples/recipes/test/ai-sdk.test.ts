import { rm } from 'node:fs/promises'
import { createAdaptorServer } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { MockLanguageModelV4 } from 'ai/test'
import { Hono } from 'hono'
import type { TurnAnswer, TurnQuestion } from 'leftoff/server'
import { type Browser, chromium, type Page } from 'playwright'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { chromiumLaunchOptions } from '../../../test/chromium/find-chromium.js'
import { serve } from '../../../test/support/serve.js'
import { DELETE, GET, POST } from '../ai-sdk/route.js'
import { buildPage } from './build-page.js'

interface Stored {
  readonly id: string
  readonly role: 'user' | 'assistant'
  readonly text: string
}

// The app, whose model says what the test has it say.
const parts = vi.hoisted(() => ({
  messages: new Map<string, Stored[]>(),
  answers: [] as { say(text: string): void; end(): void }[],
  waiting: [] as (() => void)[],
  errors: [] as unknown[],
}))

vi.mock('../turns/your-app.js', async () => {
  const server = await import('leftoff/server')
  const put = (conversationId: string, message: Stored) => {
    const before = parts.messages.get(conversationId) ?? []
    parts.messages.set(conversationId, [...before.filter(({ id }) => id !== message.id), message])
  }
  return {
    sessions: server.memoryAgentSessions(),
    log: server.memoryTurnLog(),
    app: {
      authorize: () => ({ userId: 'ada' }),
      onQuestion: ({ conversationId, messageId, input }: TurnQuestion<string>) =>
        put(conversationId, { id: messageId, role: 'user', text: input }),
      onAnswer: ({ conversationId, answerId, text }: TurnAnswer) =>
        put(conversationId, { id: answerId, role: 'assistant', text }),
      onError: (error: unknown) => void parts.errors.push(error),
    },
    messagesOf: async ({ conversationId }: { readonly conversationId: string }) =>
      (parts.messages.get(conversationId) ?? []).map(({ role, text }) => ({ role, content: text })),
  }
})

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
    .get('/api/messages/:id', (c) => c.json(parts.messages.get(c.req.param('id')) ?? []))
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
    const ids = await page.getByRole('listitem').evaluateAll((lines) => lines.map((line) => line.dataset.id))
    expect(ids[1]).toBe(`${ids[0]}.answer`)
    expect([...parts.messages.values()].at(-1)?.map(({ id }) => id)).toEqual(ids)
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
    await expect.poll(() => [...parts.messages.values()].at(-1)?.map(({ text }) => text)).toEqual(['hello', 'one '])
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
