import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, launch, type Page } from 'puppeteer-core'
import { type AdapterName, startStorageSite } from '../e2e/storage/storage-site.js'

/** An installed Firefox with a profile that outlives it, on the site of the storage tests. */
export interface Firefox {
  /** Opens a tab, and the browser if need be. Each `origin` has a storage of its own; `before` runs ahead of the page's scripts. */
  open(origin: string, adapter?: AdapterName, before?: () => void): Promise<Page>
  /** Does in the page what opens another tab; resolves to it once its script has run. */
  opened(page: Page, run: () => void, before?: () => void): Promise<Page>
  /** Closes the browser in an orderly way. */
  close(): Promise<void>
  /** Closes and deletes everything. */
  end(): Promise<void>
}

export async function startFirefox(): Promise<Firefox> {
  const executablePath = findFirefox()
  const site = await startStorageSite()
  const profile = await mkdtemp(join(tmpdir(), 'leftoff-firefox-'))
  let browser: Promise<Browser> | undefined

  async function ready(page: Page): Promise<Page> {
    await page.waitForFunction(() => 'store' in window)
    return page
  }

  const firefox: Firefox = {
    async open(origin, adapter = 'dexie', before) {
      browser ??= launch({ browser: 'firefox', executablePath, userDataDir: profile, headless: true })
      const page = await (await browser).newPage()
      if (before) await page.evaluateOnNewDocument(before)
      await page.goto(site.url(origin, adapter))
      return ready(page)
    },
    async opened(page, run, before) {
      const opening = new Promise<Page>((resolve) => page.once('popup', (popup) => popup && resolve(popup)))
      const [popup] = await Promise.all([opening, page.evaluate(run)])
      if (before) {
        // It came with the page's scripts already, which have opened nothing yet.
        await popup.evaluateOnNewDocument(before)
        await popup.reload()
      }
      return ready(popup)
    },
    async close() {
      await (await browser)?.close()
      browser = undefined
    },
    async end() {
      await firefox.close()
      await site.end()
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  return firefox
}

function findFirefox(): string {
  const places = [process.env.FIREFOX_PATH, '/usr/bin/firefox-esr', '/usr/bin/firefox'].filter((path) => path)
  const found = places.find((path) => path && existsSync(path))
  if (!found) throw new Error('No Firefox found. Install one, or set FIREFOX_PATH to its executable.')
  return found
}
