import { rm } from 'node:fs/promises'
import { createAdaptorServer } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { type BrowserContext, chromium, type Page } from 'playwright'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { chromiumLaunchOptions } from '../../../test/chromium/find-chromium.js'
import { serve } from '../../../test/support/serve.js'
import { turns } from '../../routes/turns.js'
import { buildPage } from './build-page.js'
import { errors, forget, messagesOf } from './your-app.js'

vi.mock('../../routes/your-app.js', () => import('./your-app.js'))

let context: BrowserContext
let address: string
const complaints: string[] = []

beforeAll(async () => {
  const { folder, html } = await buildPage()
  const app = new Hono()
    .all('/api/turn', (c) => turns.fetch(c.req.raw))
    .get('/api/messages/:id', (c) => c.json(messagesOf(c.req.param('id')).map(withParts)))
    .use('/assets/*', serveStatic({ root: folder }))
    .get('*', (c) => c.html(html))
  const { port, close } = await serve(createAdaptorServer({ fetch: app.fetch }))
  address = `http://localhost:${port}`
  const browser = await chromium.launch(chromiumLaunchOptions())
  context = await browser.newContext()
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  return async () => {
    await browser.close()
    await close()
    await rm(folder, { recursive: true })
  }
}, 60_000)

/** As the AI SDK has a message, too. */
const withParts = <M extends { readonly text: string }>(message: M) => ({
  ...message,
  parts: [{ type: 'text', text: message.text }],
})

async function open(path: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${address}${path}`)
  await page.getByLabel('Message').waitFor()
  return page
}

/** Sends a message, and waits for the answer to be whole. */
async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
  await said(page, `you said ${text}`).waitFor()
  await page.getByRole('button', { name: 'Send' }).waitFor()
}

/** What the chat says; the history may say it too. */
const said = (page: Page, text: string) => page.getByRole('log').getByText(text).first()

/** How many messages each conversation of the workspace has, all its parts together. */
const stored = (page: Page, workspace: string) =>
  page.evaluate((workspace) => {
    const counts: Record<string, number> = {}
    for (const [key, text] of Object.entries(localStorage)) {
      const [, kind, , ofWorkspace, conversationId = ''] = key.split('/')
      if (kind !== 'part' || ofWorkspace !== workspace) continue
      counts[conversationId] = (counts[conversationId] ?? 0) + JSON.parse(text).messages
    }
    return Object.values(counts).sort()
  }, workspace)

describe.each(['ai-sdk', 'react', 'assistant-ui'])('%s', (recipe) => {
  it('continues after a reload, keeps tabs apart, begins anew, and shows lost context', {
    timeout: 30_000,
  }, async () => {
    const page = await open(`/${recipe}`)
    await say(page, 'one')
    await page.reload()
    await said(page, '1: you said one').waitFor()
    await say(page, 'two')
    await said(page, '2: you said two').waitFor() // the agent's session continued, too
    await expect.poll(() => stored(page, recipe)).toEqual([4])

    const other = await open(`/${recipe}`)
    expect(await other.getByRole('log').textContent()).toBe('')
    await say(other, 'three')
    await said(other, '1: you said three').waitFor()

    await page.getByRole('button', { name: 'New chat' }).first().click()
    await expect.poll(() => page.getByRole('log').textContent()).toBe('')
    await say(page, 'four')
    forget()
    await say(page, 'five')
    await page.getByText('The agent no longer knows the earlier messages of this conversation.').waitFor()
    await said(page, '1: you said five').waitFor()

    await expect.poll(() => stored(page, recipe)).toEqual([2, 4, 4])
    expect(complaints).toEqual([])
    expect(errors).toEqual([])
    await Promise.all([page.close(), other.close()])
  })
})

describe('/chat/<id>', () => {
  const idOf = (page: Page) => new URL(page.url()).pathname.split('/')[2]

  it('has the open conversation in its address, and opens the one in the address', { timeout: 30_000 }, async () => {
    const page = await context.newPage()
    await page.goto(`${address}/chat`)
    await page.waitForURL('**/chat/*')
    const first = idOf(page)
    await page.reload()
    await expect.poll(() => page.locator('output').textContent()).toBe(first)
    await page.getByRole('button', { name: 'New chat' }).click()
    await expect.poll(() => idOf(page)).not.toBe(first)

    // Nothing of it is stored yet, so a second tab with its address begins one of its own.
    const second = await context.newPage()
    await second.goto(page.url())
    await expect.poll(() => second.locator('output').textContent()).toMatch(/^[0-9a-f-]{36}$/)
    await expect.poll(() => idOf(second)).not.toBe(idOf(page))
    expect(await second.locator('output').textContent()).toBe(idOf(second))
    expect(complaints).toEqual([])
    await Promise.all([page.close(), second.close()])
  })

  const shows = (page: Page, id: string | undefined) =>
    expect.poll(async () => [await page.locator('output').textContent(), idOf(page)]).toEqual([id, id])

  it('leads back and forth between conversations; what cannot be opened leaves what is', {
    timeout: 60_000,
  }, async () => {
    const page = await context.newPage()
    await page.goto(`${address}/chat`)
    await page.waitForURL('**/chat/*')
    const steps = [idOf(page)]
    await page.getByRole('button', { name: 'Say hello' }).click()
    for (let step = 1; step < 4; step++) {
      await page.getByRole('button', { name: 'New chat' }).click()
      await expect.poll(() => idOf(page)).not.toBe(steps.at(-1))
      steps.push(idOf(page))
      await page.getByRole('button', { name: 'Say hello' }).click()
    }
    const [first, second, third, fourth] = steps
    await page.goBack()
    await shows(page, third)
    await page.goBack()
    await shows(page, second)
    await page.goForward()
    await shows(page, third)
    await page.goForward()
    await shows(page, fourth)

    // The bare address is the open conversation's, and Back does not stay there.
    await page.getByRole('link', { name: 'Chat' }).click()
    await shows(page, fourth)
    await page.goBack()
    await shows(page, fourth)
    await page.locator(`[data-conversation-id="${first}"] .leftoff-history-open`).click()
    await shows(page, first)
    await page.goBack()
    await shows(page, fourth)

    // A removed conversation is not opened again, nor another one begun.
    await page.locator(`[data-conversation-id="${third}"] .leftoff-history-remove`).click()
    await page.goBack()
    await shows(page, fourth)
    await page.getByRole('alert').getByText('does not exist').waitFor()
    await page.goBack()
    await shows(page, second)

    // A link in a second tab, and one to a conversation that nobody has.
    const other = await context.newPage()
    await other.goto(`${address}/chat/${second}`)
    await other.getByRole('status').getByText('open in another tab').waitFor()
    await shows(other, second)
    await other.getByRole('button', { name: 'Use here' }).click()
    await page.getByRole('status').getByText('open in another tab').waitFor()
    await other.goto(`${address}/chat/unknown`)
    await other.getByRole('alert').getByText('does not exist').waitFor()
    await shows(other, (await other.locator('output').textContent()) ?? '')
    expect(idOf(other)).not.toBe('unknown')
    expect(complaints).toEqual([])
    await Promise.all([page.close(), other.close()])
  })
})
