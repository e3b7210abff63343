import { mkdtemp, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { readGuide, writeFiles } from '../support/guide-files.js'
import { type NextServer, startNext } from './next-server.js'

let browser: Browser
let folder: string
let server: NextServer

beforeAll(async () => {
  browser = await chromium.launch(chromiumLaunchOptions())
  // Below this folder: its packages are the app's.
  folder = await mkdtemp(fileURLToPath(new URL('guide-', import.meta.url)))
  await writeFiles(folder, await readGuide('docs/start-next.md'))
  await writeFiles(folder, [['next.config.mjs', `export { default } from '../next.config.mjs'\n`]])
  server = await startNext('production', folder)
})
afterAll(async () => {
  await server?.stop()
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('the five-minute start with Next', () => {
  it('resumes after a reload and at the bare address, and a second tab with the same link watches until “Use here”', async () => {
    const context = await browser.newContext({ baseURL: server.address })
    const page = await context.newPage()
    await page.goto('/chat')
    await say(page, 'one')
    const address = page.url()
    expect(address).toMatch(/\/chat\/[0-9a-f-]{36}$/)

    await page.reload()
    await page.getByRole('paragraph').getByText('You said: one').waitFor()
    expect(page.url()).toBe(address)

    const second = await context.newPage()
    await second.goto(address)
    await second.getByRole('button', { name: 'Use here' }).click()
    await say(second, 'two')
    expect(second.url()).toBe(address)
    expect(await second.getByRole('paragraph').allTextContents()).toEqual([
      'one',
      'You said: one',
      'two',
      'You said: two',
    ])
    await page.getByRole('button', { name: 'Use here' }).waitFor()
    await second.close()

    await page.goto('/chat')
    await say(page, 'three')
    expect(page.url()).toBe(address)
  })
})

/** Sends a message and waits for its answer. */
async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByRole('paragraph').getByText(`You said: ${text}`).waitFor()
}
