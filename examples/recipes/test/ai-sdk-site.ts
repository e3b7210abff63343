import { rm } from 'node:fs/promises'
import { createAdaptorServer } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { type Browser, chromium, type Page } from 'playwright'
import { beforeAll, onTestFinished } from 'vitest'
import { chromiumLaunchOptions } from '../../../test/chromium/find-chromium.js'
import { serve } from '../../../test/support/serve.js'
import { DELETE, GET, POST } from '../ai-sdk/route.js'
import { type Message, messagesOf } from '../ai-sdk/your-app.js'
import { buildPage } from './build-page.js'
import { nextAnswer, type ScriptedAnswer } from './scripted-model.js'

/** Serves ../ai-sdk for the tests of a file, which has `vi.mock('../turns/model.js', () => import('./scripted-model.js'))`. */
export function serveAiSdk() {
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

  return {
    address: () => address,

    /** A browser of its own. */
    async open(): Promise<Page> {
      const context = await browser.newContext()
      onTestFinished(() => context.close())
      const page = await context.newPage()
      await page.goto(`${address}/ai-sdk`)
      await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
      return page
    },

    /** Another tab of the same browser, which watches the conversation that is called so. */
    async watch(page: Page, title: RegExp): Promise<Page> {
      const other = await page.context().newPage()
      await other.goto(`${address}/ai-sdk`)
      await other.getByRole('button', { name: title }).click()
      await other.getByRole('button', { name: 'Use here' }).waitFor()
      return other
    },
  }
}

/** Sends a message; the answer that the test writes. */
export async function ask(page: Page, text: string): Promise<ScriptedAnswer> {
  await page.getByLabel('Message').fill(text)
  return answerTo(page, 'Send')
}

/** The answer that a press of the button asks for. */
export async function answerTo(page: Page, name: 'Send' | 'Try again'): Promise<ScriptedAnswer> {
  const answer = nextAnswer()
  await page.getByRole('button', { name }).click()
  return answer
}

export const idOf = async (page: Page) => (await page.locator('output').textContent()) ?? ''
export const storedOf = async (page: Page) => messagesOf({ userId: 'guest', conversationId: await idOf(page) })
export const textOf = ({ parts }: Message) => parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
export const shown = (page: Page) => page.getByRole('log').getByRole('listitem').allTextContents()
