import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright'
import { chromiumArgs } from '../chromium/find-chromium.js'
import { type AdapterName, startStorageSite } from '../e2e/storage/storage-site.js'

/** An installed Chromium with all that npm's lacks: the back/forward cache, Duplicate, and tabs that come back with the browser. */
export interface FullChromium {
  /** Opens a tab, and the browser if need be. Each `origin` has a storage of its own. */
  open(origin: string, adapter?: AdapterName): Promise<Page>
  /** The browser's own Duplicate of the tab. */
  duplicate(page: Page): Promise<Page>
  /** Closes the browser in an orderly way and opens it with the tabs it had; those whose script has run. */
  restart(): Promise<readonly Page[]>
  /** Closes and deletes everything. */
  end(): Promise<void>
}

const extension = fileURLToPath(new URL('extension', import.meta.url))

export async function startFullChromium(): Promise<FullChromium> {
  const site = await startStorageSite()
  const profile = await mkdtemp(join(tmpdir(), 'leftoff-full-chromium-'))
  let context: BrowserContext | undefined

  async function launch(...args: readonly string[]): Promise<BrowserContext> {
    return chromium.launchPersistentContext(profile, {
      executablePath: findFullChromium(),
      // The new headless mode, which is the whole browser.
      channel: 'chromium',
      args: [...chromiumArgs, `--disable-extensions-except=${extension}`, `--load-extension=${extension}`, ...args],
      ignoreDefaultArgs: ['--disable-back-forward-cache', '--disable-extensions'],
    })
  }

  async function ready(page: Page): Promise<Page> {
    await page.waitForFunction(() => 'store' in window)
    return page
  }

  const fullChromium: FullChromium = {
    async open(origin, adapter = 'dexie') {
      context ??= await launch()
      const page = await context.newPage()
      await page.goto(site.url(origin, adapter))
      return ready(page)
    },
    async duplicate(page) {
      if (!context) throw new Error('The browser is not open.')
      const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'))
      const [copy] = await Promise.all([
        context.waitForEvent('page'),
        worker.evaluate(async (url) => {
          // The extension's own interface, for which the page's types have no name.
          const { tabs } = Reflect.get(globalThis, 'chrome')
          const [tab] = await tabs.query({ url: `${url}*` })
          await tabs.duplicate(tab.id)
        }, page.url()),
      ])
      return ready(copy)
    },
    async restart() {
      await context?.close()
      context = await launch('--restore-last-session')
      const pages = context.pages().filter((page) => page.url().includes('.localhost'))
      return Promise.all(pages.map(ready))
    },
    async end() {
      await context?.close()
      await site.end()
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  return fullChromium
}

export function findFullChromium(): string {
  const places = [process.env.FULL_CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome']
  const found = places.find((path) => path && existsSync(path))
  if (!found) throw new Error('No Chromium found. Install one, or set FULL_CHROMIUM_PATH to its executable.')
  return found
}
