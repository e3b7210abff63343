import { type Browser, launch, type Page } from 'puppeteer-core'
import { beforeAll, expect, it } from 'vitest'
import { chromiumArgs } from '../chromium/find-chromium.js'
import type {} from '../e2e/storage/storage-page.js'
import { type StorageSite, startStorageSite } from '../e2e/storage/storage-site.js'
import { findFullChromium } from './full-chromium.js'

let browser: Browser
let site: StorageSite

// Puppeteer: beside Playwright's tools Chromium prerenders nothing (`PrerenderingDisabledByDevTools`).
beforeAll(async () => {
  site = await startStorageSite()
  browser = await launch({ executablePath: findFullChromium(), args: [...chromiumArgs, '--no-sandbox'] })
  return async () => {
    await browser.close()
    await site.end()
  }
})

it('a prerendered page takes nothing, and has the conversation once it is shown', async () => {
  const page = await browser.newPage()
  await page.goto(site.url('prerendered', 'dexie'))
  await page.waitForFunction(() => 'store' in window)
  const id = await page.evaluate(async () => {
    const opened = await window.store.initConversation('shop')
    window.store.recordMessage({ role: 'user', text: 'Hello' })
    await window.store.flush()
    return opened
  })
  const url = `${page.url()}&open=shop`
  await page.evaluate((url) => {
    const rules = document.createElement('script')
    rules.type = 'speculationrules'
    rules.text = JSON.stringify({ prerender: [{ urls: [url], eagerness: 'immediate' }] })
    document.head.append(rules)
  }, url)
  // The prerendered page opens the shop at once; what it may take it would have by then.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 3_000)))
  expect(await placeOf(page)).toEqual({ status: 'ready', conversationId: id, openElsewhere: [] })
  expect(await heldClaims(page)).toHaveLength(1)

  // Another page takes the tab: whatever is asked of the one before may fail, also that it goes.
  await page
    .evaluate((url) => {
      location.href = url
    }, url)
    .catch(() => {})
  await expect
    .poll(() =>
      page.evaluate(() => location.search.includes('open=shop') && window.store?.getState().status).catch(String),
    )
    .toBe('ready')
  expect(await activationStart(page), 'it was prerendered').toBeGreaterThan(0)
  expect(await page.evaluate(() => window.untilShown)).toBe('opening')
  expect(await placeOf(page)).toMatchObject({ status: 'ready', conversationId: id })
  expect(await heldClaims(page)).toHaveLength(1)
})

function placeOf(page: Page) {
  return page.evaluate(() => {
    const { status, currentConversationId, openElsewhere } = window.store.getState()
    return { status, conversationId: currentConversationId, openElsewhere: [...openElsewhere] }
  })
}

/** The locks that pages of the site hold on conversations. */
async function heldClaims(page: Page): Promise<readonly string[]> {
  const names = await page.evaluate(async () =>
    ((await navigator.locks.query()).held ?? []).map(({ name = '' }) => name),
  )
  return names.filter((name) => name.includes('claim'))
}

/** When a page that was prerendered was shown, by its own clock; 0: it was not prerendered. */
function activationStart(page: Page): Promise<number> {
  return page.evaluate(() => {
    const [entry] = performance.getEntriesByType('navigation')
    return Number(entry ? Reflect.get(entry, 'activationStart') : 0)
  })
}
