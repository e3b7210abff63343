import { type Browser, chromium, type Page } from 'playwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import { type GuideApp, setUpGuideApp } from './guide-app.js'

let app: GuideApp
let browser: Browser

beforeEach(async () => {
  app = await setUpGuideApp('docs/start-vite.md')
  browser = await chromium.launch(chromiumLaunchOptions())
})
afterEach(async () => {
  await browser?.close()
  await app.end()
})

describe('the five-minute start with Vite', () => {
  it('resumes conversation, messages and agent after a reload, and gives a second tab its own', async () => {
    await app.replace('port: 3000', 'port: 0')
    const api = await app.run('server/main.ts')
    await app.replace('http://localhost:3000', api)
    const address = await app.vite('--port', '0')

    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(address)
    await say(page, 'one')
    await say(page, 'two')
    await page.reload()
    await page.getByText('You are back where you left off.').waitFor()
    const messages = page.getByRole('listitem')
    await messages.getByText('assistant: Before this you said: one.').waitFor()
    expect(await say(page, 'three')).toBe('assistant: Before this you said: one, two. ')

    const second = await context.newPage()
    await second.goto(address)
    expect(await say(second, 'hello')).toBe('assistant: This is new to me. ')
  })
})

/** Sends a message and waits for the whole answer. */
async function say(page: Page, text: string): Promise<string | null> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText(`user: ${text}`, { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
  return page
    .getByRole('listitem')
    .filter({ hasText: /^assistant: / })
    .last()
    .textContent()
}
