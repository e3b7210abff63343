import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, launch, type Page } from 'puppeteer-core'
import { startStorageSite } from '../e2e/storage/storage-site.js'
import type { Engine, EnginePage } from '../engines/engine.js'

/** An installed Firefox. */
export async function startFirefox(): Promise<Engine> {
  const executablePath = findFirefox()
  const site = await startStorageSite()
  const profile = await mkdtemp(join(tmpdir(), 'leftoff-firefox-'))
  const pages = new WeakMap<EnginePage, Page>()
  let browser: Promise<Browser> | undefined

  async function ready(page: Page): Promise<EnginePage> {
    const isReady = async () => void (await page.waitForFunction(() => 'store' in window))
    const enginePage: EnginePage = {
      evaluate: (run) => page.evaluate(run),
      url: async () => page.url(),
      async goto(url) {
        await page.goto(url)
        await isReady()
      },
      async reload() {
        await page.reload()
        await isReady()
      },
      async goBack() {
        await page.goBack()
        await isReady()
      },
      close: () => page.close(),
    }
    pages.set(enginePage, page)
    await isReady()
    return enginePage
  }

  const firefox: Engine = {
    async open(origin, { adapter = 'dexie', locks } = {}) {
      browser ??= launch({ browser: 'firefox', executablePath, userDataDir: profile, headless: true })
      const page = await (await browser).newPage()
      await page.goto(site.url(origin, adapter, locks))
      return ready(page)
    },
    async opened(enginePage, run) {
      const page = pages.get(enginePage)
      if (!page) throw new Error('This tab belongs to another browser.')
      const opening = new Promise<Page>((resolve) => page.once('popup', (popup) => popup && resolve(popup)))
      const [popup] = await Promise.all([opening, page.evaluate(run)])
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

export function findFirefox(): string {
  const places = [process.env.FIREFOX_PATH, '/usr/bin/firefox-esr', '/usr/bin/firefox'].filter((path) => path)
  const found = places.find((path) => path && existsSync(path))
  if (!found) throw new Error('No Firefox found. Install one, or set FIREFOX_PATH to its executable.')
  return found
}
