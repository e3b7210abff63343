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
  // Then `server.stop()` only resolves if the guide's own handler ends the process.
  server = await startNext('production', folder, { NEXT_MANUAL_SIG_HANDLE: 'true' })
})
afterAll(async () => {
  await server?.stop()
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('the five-minute start with Next', () => {
  it('streams, stops, retries, resumes after a reload and at the bare address; a second tab with the same link watches until “Use here”', async () => {
    const context = await browser.newContext({ baseURL: server.address })
    const page = await context.newPage()
    await page.goto('/chat')
    await say(page, 'one')
    const address = page.url()
    expect(address).toMatch(/\/chat\/[0-9a-f-]{36}$/)

    await page.reload()
    await page.getByRole('paragraph').getByText('You said: one').waitFor()
    expect(page.url()).toBe(address)

    // In mid-answer: question and answer survive the reload.
    const paragraph = (text: string) => page.getByRole('paragraph').getByText(text, { exact: true })
    const long = Array.from({ length: 20 }, (_, index) => `word${index}`).join(' ')
    await page.getByLabel('Message').fill(long)
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByText('You said: word0 word1').waitFor()
    await page.reload()
    await paragraph(long).waitFor()
    expect(await paragraph(`You said: ${long}`).count()).toBe(0)
    await paragraph(`You said: ${long}`).waitFor()

    // Stopped: what was said stays.
    await page.getByLabel('Message').fill(`stop ${long}`)
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('paragraph').getByText('You said: stop').waitFor()
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
    expect(await paragraph(`You said: stop ${long}`).count()).toBe(0)
    await page.getByRole('paragraph').getByText('You said: stop').waitFor()

    // Refused once, and sent again.
    await page.route('**/api/turn', (route) => route.fulfill({ status: 400, json: {} }), { times: 1 })
    await page.getByLabel('Message').fill('again')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('button', { name: 'Retry' }).click()
    await paragraph('You said: again').waitFor()
    await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
    expect(await paragraph('again').count()).toBe(1)

    const second = await context.newPage()
    await second.goto(address)
    await second.getByRole('button', { name: 'Use here' }).click()
    await say(second, 'two')
    expect(second.url()).toBe(address)
    const texts = (await second.getByRole('paragraph').allTextContents()).map((text) => text.trim())
    expect(texts.slice(0, 2)).toEqual(['one', 'You said: one'])
    expect(texts.slice(-2)).toEqual(['two', 'You said: two'])
    expect(texts).toHaveLength(10)
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
  await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
}
