import type { Page } from 'puppeteer-core'
import { type AdapterName, startStorageSite } from '../storage/storage-site.js'
import { countTicks, type Frozen, freeze, launchFreezable, polling } from './freeze.js'

/** A browser whose tabs can be frozen, on the site of the storage tests. */
export interface FreezingBrowser {
  /** Opens a tab. Each `origin` has a storage of its own. */
  open(origin: string, adapter: AdapterName): Promise<Page>
  freeze(page: Page): Promise<Frozen>
  /** Closes and deletes everything. */
  end(): Promise<void>
}

export async function startFreezingBrowser(): Promise<FreezingBrowser> {
  const site = await startStorageSite()
  const { browser, end } = await launchFreezable()
  const freezing: FreezingBrowser = {
    async open(origin, adapter) {
      const page = await browser.newPage()
      await page.goto(site.url(origin, adapter))
      await page.waitForFunction(() => 'store' in window, { polling })
      await countTicks(page)
      return page
    },
    freeze: (page) => freeze(page, () => freezing.open('beside', 'localStorage')),
    async end() {
      await end()
      await site.end()
    },
  }
  return freezing
}
