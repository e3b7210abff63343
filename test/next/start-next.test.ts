import { access, mkdtemp, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { readGuide, writeFiles } from '../support/guide-files.js'
import { buildNext, type NextServer, startNext } from './next-server.js'

// Then a server only ends if the guide's own handler ends the process.
const environment = { NEXT_MANUAL_SIG_HANDLE: 'true' }

let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch(chromiumLaunchOptions())
  return () => browser.close()
})

/** The app of the guide, or of what is above a heading of it. */
async function createApp(before?: string): Promise<string> {
  // Below this folder: its packages are the app's.
  const folder = await mkdtemp(fileURLToPath(new URL('guide-', import.meta.url)))
  await symlink('../node_modules', join(folder, 'node_modules'))
  await writeFiles(folder, await readGuide('docs/start-next.md', before))
  await writeFiles(folder, [
    ['next.config.mjs', `export { default } from '../next.config.mjs'\n`],
    ['app/globals.css', ''], // as create-next-app makes one
  ])
  return folder
}

describe('the five-minute start with Next', () => {
  let folder: string
  let server: NextServer

  beforeAll(async () => {
    folder = await createApp('## History in the account')
    server = await startNext('production', folder, environment)
  })
  afterAll(async () => {
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })

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

describe('its history in the account', () => {
  let folder: string
  let server: NextServer

  beforeAll(async () => {
    folder = await createApp()
    await buildNext(folder)
  })
  afterAll(async () => {
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('is in the HTML and on every device, survives a restart in mid-answer, and no build opens it', async () => {
    await expect(access(join(folder, 'data'))).rejects.toThrow('ENOENT')
    server = await startNext('built', folder, environment)
    const context = await browser.newContext({ baseURL: server.address })
    const page = await context.newPage()
    await page.goto('/chat')
    await say(page, 'one')
    const { pathname } = new URL(page.url())

    // Another browser, which never had the conversation.
    const device = await browser.newContext({ baseURL: server.address })
    await expect.poll(async () => (await device.request.get('/chat')).text()).toContain('leftoff-history-title')
    const other = await device.newPage()
    await other.goto('/chat')
    await other.getByRole('paragraph').getByText('You said: one').waitFor()
    expect(new URL(other.url()).pathname).toBe(pathname)
    const messages = await device.request.get(pathname.replace('/chat/', '/api/messages/'))
    expect(messages.headers()['cache-control']).toBe('no-store')
    await device.close()

    const long = Array.from({ length: 40 }, (_, index) => `word${index}`).join(' ')
    await page.getByLabel('Message').fill(long)
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByText('You said: word0 word1').waitFor()
    await server.stop()
    server = await startNext('built', folder, environment)
    const later = await (await browser.newContext({ baseURL: server.address })).newPage()
    await later.goto(pathname)
    await later.getByText(/You said: word0 word1.* \(interrupted\)/).waitFor()
    await later.getByRole('button', { name: 'Retry' }).click()
    await later.getByText(`You said: ${long}`).waitFor()
    await later.getByRole('button', { name: 'Send', disabled: false }).waitFor()
    expect(await later.getByText('(interrupted)').count()).toBe(0)
    expect(await later.getByRole('paragraph').count()).toBe(4)
  }, 90_000) // two starts, of which the first makes the database
})

/** Sends a message and waits for its answer. */
async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByRole('paragraph').getByText(`You said: ${text}`).waitFor()
  await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
}
