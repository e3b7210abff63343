import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, launch, type Page } from 'puppeteer-core'
import { chromiumArgs, findChromium } from '../../chromium/find-chromium.js'
import { type AdapterName, startStorageSite } from '../storage/storage-site.js'

/**
 * Chromium by Puppeteer, on the site of the storage tests. Playwright keeps each of its pages focused, and a focused page
 * is not frozen: the browser takes the command, answers that all is well, and the page runs on.
 */
export interface FreezingBrowser {
  /** Opens a tab whose `window.ticks` counts up every 10 ms. Each `origin` has a storage of its own. */
  open(origin: string, adapter: AdapterName): Promise<Page>
  /** Freezes a tab as the browser does with one in the background, and sees its timers stand still. */
  freeze(page: Page): Promise<Frozen>
  /** Closes and deletes everything. */
  end(): Promise<void>
}

/** A tab while it is frozen. */
interface Frozen {
  /** Lets it run again. Throws unless its timers stood still all the time. */
  thaw(): Promise<void>
}

declare global {
  interface Window {
    ticks: number
  }
}

/** In ms. Puppeteer's default is a frame, and a page in the background has none. */
const polling = 20

export async function startFreezingBrowser(): Promise<FreezingBrowser> {
  const site = await startStorageSite()
  const userDataDir = await mkdtemp(join(tmpdir(), 'leftoff-freezing-'))
  const { executablePath, env } = findChromium()
  let browser: Browser | undefined

  const ticksOf = (page: Page) => page.evaluate(() => window.ticks)
  /** Resolves once another page has seen its own timers fire five times. */
  async function passTime(other: Page): Promise<void> {
    const before = await ticksOf(other)
    await other.waitForFunction((before) => window.ticks >= before + 5, { polling }, before)
  }

  const freezing: FreezingBrowser = {
    async open(origin, adapter) {
      browser ??= await launch({
        executablePath,
        env: { ...process.env, ...env },
        userDataDir,
        // Containers run as root; Playwright leaves the sandbox out by itself.
        args: [...chromiumArgs, '--no-sandbox'],
      })
      const page = await browser.newPage()
      await page.goto(site.url(origin, adapter))
      await page.waitForFunction(() => 'store' in window, { polling })
      await page.evaluate(() => {
        window.ticks = 0
        setInterval(() => {
          window.ticks += 1
        }, 10)
      })
      return page
    },

    async freeze(page) {
      const beside = await freezing.open('beside', 'localStorage')
      const devTools = await page.createCDPSession()
      await devTools.send('Page.setWebLifecycleState', { state: 'frozen' })
      const ticks = await ticksOf(page)
      return {
        async thaw() {
          await passTime(beside)
          const then = await ticksOf(page)
          if (then !== ticks) throw new Error(`A frozen page ran on: ${then - ticks} ticks.`)
          await devTools.send('Page.setWebLifecycleState', { state: 'active' })
          await page.waitForFunction((ticks) => window.ticks > ticks, { polling }, ticks)
          await devTools.detach()
          await beside.close()
        },
      }
    },

    async end() {
      await browser?.close()
      await site.end()
      await rm(userDataDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  return freezing
}
