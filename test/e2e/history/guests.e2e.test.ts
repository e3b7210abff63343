import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright'
import { beforeAll, describe, expect, it } from 'vitest'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import type {} from './history-page.js'
import { type HistorySite, startHistorySite } from './history-site.js'

/** What a person sees of the page. */
const look = (page: Page) =>
  page.evaluate(() => ({
    id: document.querySelector('#conversation')?.textContent ?? '',
    draft: document.querySelector('textarea')?.value ?? '',
    titles: [...document.querySelectorAll('.leftoff-history-title')].map(({ textContent }) => textContent),
  }))

const sees = (page: Page, expected: Partial<Awaited<ReturnType<typeof look>>>) =>
  expect.poll(() => look(page), { timeout: 15_000 }).toMatchObject(expected)

/** Ends a browser as a crash does: none of its processes is told. */
async function kill(context: BrowserContext): Promise<void> {
  const session = await context.browser()?.newBrowserCDPSession()
  if (!session) throw new Error('The browser is not open.')
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const closed = context.waitForEvent('close')
  // The browser's own first, so that it sees no child die before it.
  for (const { id } of processInfo.toSorted((one: { type: string }) => (one.type === 'browser' ? -1 : 0))) {
    try {
      process.kill(id, 'SIGKILL')
    } catch {
      // Gone with its parent.
    }
  }
  await closed
}

const adapters =
  process.env.LEFTOFF_SOAK === undefined ? (['localStorage'] as const) : (['localStorage', 'dexie'] as const)

describe.each(adapters)('a guest, on %s', (adapter) => {
  let site: HistorySite
  let profile: string
  let context: BrowserContext

  beforeAll(async () => {
    site = await startHistorySite()
    profile = await mkdtemp(join(tmpdir(), 'leftoff-guests-'))
    context = await chromium.launchPersistentContext(profile, chromiumLaunchOptions())
    return async () => {
      await context.close()
      await site.end()
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    }
  })

  async function open(user: string): Promise<Page> {
    const page = await context.newPage()
    await page.goto(site.url('guests', { adapter, user }))
    await expect.poll(async () => (await look(page)).id, { timeout: 15_000 }).toMatch(/^[\w-]{5,}$/)
    return page
  }

  it('keeps conversations and draft through a killed browser and the sign-in, and leaves nothing after signing out', async () => {
    const before = await open('')
    // At once, as Chromium may take a minute to commit what a page writes later than 5 s after its first write.
    await before.evaluate(() => {
      for (const text of ['The first', 'The second', 'The third']) {
        if (text !== 'The first') window.store.newConversation('shop')
        window.store.recordMessage({ role: 'user', text })
      }
    })
    await sees(before, { titles: ['The third', 'The second', 'The first'] })
    const { id } = await look(before)
    await before.fill('textarea', 'not sent yet')
    await before.evaluate(() => {
      // The person looks at another program.
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
      return window.store.flush()
    })
    await before.waitForTimeout(7_000) // Chromium commits what localStorage was given within 5 s
    await kill(context)
    context = await chromium.launchPersistentContext(profile, chromiumLaunchOptions())

    const page = await open('')
    await sees(page, { id, draft: 'not sent yet', titles: ['The third', 'The second', 'The first'] })
    await page.fill('textarea', 'not sent yet, and more')
    const other = await open('') // which has another conversation open
    await page.click('#sign-in')
    await sees(page, { id, draft: 'not sent yet, and more', titles: ['The third', 'The first'] })
    await other.click('#sign-in')
    await sees(other, { titles: ['The third', 'The second', 'The first'] })
    await sees(page, { id, titles: ['The third', 'The second', 'The first'] })

    const ofGuest = (id: string) => window.adapter.get('', id)
    await expect.poll(() => page.evaluate(ofGuest, id), { timeout: 15_000 }).toBe('removed')
    await page.reload()
    // The page that loads is a guest's again, who has nothing now.
    await sees(page, { draft: '', titles: [] })
    await other.click('#sign-out')
    await other.click('#sign-in')
    await sees(other, { draft: '', titles: [] })
    const keys = await other.evaluate(() => Object.entries(localStorage).flat().join('\n'))
    expect(keys).not.toMatch(/The (first|second|third)|not sent yet/)
  })
})
