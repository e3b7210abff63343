import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { conversationId, type Demo, messages, newChat, openStored, say, setUpDemo } from './demo.js'

let demo: Demo
let address: string
let folder: string
let devices: BrowserContext[]

beforeEach(async () => {
  demo = await setUpDemo()
  address = await demo.start()
  folder = await mkdtemp(join(tmpdir(), 'leftoff-devices-'))
  devices = []
})
afterEach(async () => {
  for (const device of devices) await device.close()
  await demo.end()
  await rm(folder, { recursive: true, force: true })
})

/** The demo in a browser profile of its own, with its sessions in Supabase; as the user of `other`, if given. */
async function device(other?: Page): Promise<Page> {
  const profile = join(folder, `${devices.length}`)
  const browser = await chromium.launchPersistentContext(profile, {
    ...chromiumLaunchOptions(),
    reducedMotion: 'reduce',
  })
  devices.push(browser)
  if (other) await browser.addCookies(await other.context().cookies())
  const [page = await browser.newPage()] = browser.pages()
  await page.goto(`${address}/chat`)
  await conversationId(page)
  await openStored(page)
  await Promise.all([page.waitForEvent('load'), page.getByTestId('place').selectOption('Supabase')])
  await conversationId(page)
  return page
}

/** What a page does when it is looked at again. */
async function comeBack(page: Page): Promise<void> {
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
}

const inHistory = (page: Page, id: string) => page.locator(`.leftoff-history-item[data-conversation-id="${id}"]`)

describe('two devices of one user', () => {
  it('show each other’s conversations, write to the same one, and lose nothing', async () => {
    const phone = await device()
    await say(phone, 'my name is Ada')
    const id = await conversationId(phone)
    await phone.locator('[data-testid=save-status]', { hasText: 'Saved' }).waitFor()

    const laptop = await device(phone)
    await inHistory(laptop, id).getByRole('button').first().click()
    await laptop.getByTestId('message').getByText('my name is Ada').first().waitFor()
    expect(await conversationId(laptop)).toBe(id)
    // The agent's session is the user's, too, not the device's.
    expect(await say(laptop, 'what is my name?')).toMatch(/Ada/)
    expect(await say(phone, 'who am i')).toMatch(/Ada/)

    // A conversation that began meanwhile shows once the page is looked at again.
    await newChat(laptop)
    await say(laptop, 'a second conversation')
    const second = await conversationId(laptop)
    await laptop.locator('[data-testid=save-status]', { hasText: 'Saved' }).waitFor()
    await comeBack(phone)
    await inHistory(phone, second).waitFor()

    // Six messages, of both: each device counted on from what the other had saved.
    await expect.poll(() => inHistory(phone, id).textContent(), { timeout: 10_000 }).toMatch(/6 messages/)
    await comeBack(laptop)
    await expect.poll(() => inHistory(laptop, id).textContent(), { timeout: 10_000 }).toMatch(/6 messages/)
    await phone.reload()
    await phone.getByTestId('message').getByText('who am i').first().waitFor()
    await expect.poll(() => messages(phone)).toHaveLength(6)
    for (const page of [phone, laptop]) {
      expect(await page.locator('[data-topic=session], [data-topic=context-lost]').count()).toBe(0)
    }
  })
})
