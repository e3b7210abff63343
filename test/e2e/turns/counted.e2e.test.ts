import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import { startChatSite } from './chat-site.js'

let site: Awaited<ReturnType<typeof startChatSite>>
let profile: string
let browser: BrowserContext | undefined

beforeAll(async () => {
  site = await startChatSite({ leaseMs: 3_000 })
  return () => site.end()
})
beforeEach(async () => {
  profile = await mkdtemp(join(tmpdir(), 'leftoff-counted-'))
})
afterEach(async () => {
  await browser?.close()
  browser = undefined
  await rm(profile, { recursive: true, force: true, maxRetries: 5 })
})

async function open(): Promise<Page> {
  browser ??= await chromium.launchPersistentContext(profile, chromiumLaunchOptions())
  const page = await browser.newPage()
  await page.goto(site.url('counted', 'ada'))
  return page
}

const shown = (page: Page) => page.locator('section > ol > li').allTextContents()
const isReady = (page: Page) => page.getByRole('button', { name: 'Send', disabled: false }).waitFor()

async function ask(page: Page, text: string) {
  await isReady(page)
  const answering = site.answerTo(text)
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
  return answering
}

/** The history counts what is on screen, nothing else, and keeps doing so. */
async function countsWhatIsShown(page: Page, expected: readonly string[]): Promise<void> {
  await expect.poll(() => shown(page)).toEqual(expected)
  await isReady(page)
  const counted = page.locator('.leftoff-history-item[data-current]').getByText(`${expected.length} messages`)
  await counted.waitFor()
  await page.evaluate(() => window.store.flush())
  await page.reload()
  await expect.poll(() => shown(page)).toEqual(expected)
  await counted.waitFor()
  await page.evaluate(() => window.store.flush())
  await counted.waitFor()
}

it('counts a message once, though two pages follow its answer and both are reloaded', async () => {
  const page = await open()
  const answer = await ask(page, 'hello')
  answer.say('one ')
  await expect.poll(() => shown(page)).toEqual(['user: hello', 'assistant: one  (answering)'])
  const other = await open()
  await isReady(other)
  await other.locator('.leftoff-history-item').getByRole('button').first().click()
  await expect.poll(() => shown(other)).toEqual(['user: hello', 'assistant: one  (answering)'])
  answer.say('two')
  answer.end()
  for (const tab of [page, other]) await expect.poll(() => shown(tab)).toEqual(['user: hello', 'assistant: one two'])
  await countsWhatIsShown(page, ['user: hello', 'assistant: one two'])
  await other.close()
  await countsWhatIsShown(page, ['user: hello', 'assistant: one two'])
})

it('counts an answer that ended while every page was closed, the next day', async () => {
  const page = await open()
  const answer = await ask(page, 'hello')
  answer.say('one ')
  await expect.poll(() => shown(page)).toHaveLength(2)
  await browser?.close()
  browser = undefined
  answer.say('two')
  answer.end()
  await expect.poll(() => answer.isOver).toBe(true)
  browser = await chromium.launchPersistentContext(profile, chromiumLaunchOptions())
  await browser.clock.install({ time: Date.now() + 86_400_000 })
  await countsWhatIsShown(await open(), ['user: hello', 'assistant: one two'])
})

it('counts a question once whose answer broke off and was asked for again', async () => {
  const page = await open()
  const broken = await ask(page, 'hello')
  broken.say('as I was ')
  await expect.poll(() => shown(page)).toHaveLength(2)
  broken.fail()
  const answering = site.answerTo('hello')
  await page.getByRole('button', { name: 'Retry' }).click()
  const answer = await answering
  answer.say('whole')
  answer.end()
  await countsWhatIsShown(page, ['user: hello', 'assistant: whole'])
})

it('counts what is left of an answer whose server died, and of the one that was asked for instead', async () => {
  const page = await open()
  const broken = await ask(page, 'hello')
  broken.say('as I was ')
  await expect.poll(() => shown(page)).toHaveLength(2)
  site.restart()
  const answering = site.answerTo('hello')
  await page.getByRole('status').getByRole('button', { name: 'Retry' }).click()
  const answer = await answering
  answer.say('whole')
  answer.end()
  await countsWhatIsShown(page, ['user: hello', 'assistant: whole'])
})
