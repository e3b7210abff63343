import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type CDPSession, launch, type Page } from 'puppeteer-core'
import { chromiumArgs, findChromium } from '../../chromium/find-chromium.js'

declare global {
  interface Window {
    ticks: number
  }
}

/** In ms. Puppeteer's default is a frame, and a page in the background has none. */
export const polling = 20

/**
 * Chromium by Puppeteer. Playwright keeps each of its pages focused, and a focused page is not frozen: the browser takes the
 * command, answers that all is well, and the page runs on.
 */
export async function launchFreezable(): Promise<{ readonly browser: Browser; end(): Promise<void> }> {
  const userDataDir = await mkdtemp(join(tmpdir(), 'leftoff-freezing-'))
  const { executablePath, env } = findChromium()
  const browser = await launch({
    executablePath,
    env: { ...process.env, ...env },
    userDataDir,
    // Containers run as root; Playwright leaves the sandbox out by itself.
    args: [...chromiumArgs, '--no-sandbox'],
  })
  return {
    browser,
    async end() {
      await browser.close()
      await rm(userDataDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Has `window.ticks` count up every 10 ms. */
export function countTicks(page: Page): Promise<void> {
  return page.evaluate(() => {
    window.ticks = 0
    setInterval(() => {
      window.ticks += 1
    }, 10)
  })
}

/** A tab while it is frozen. */
export interface Frozen {
  /** Lets it run again. Throws unless its timers stood still all the time. */
  thaw(): Promise<void>
}

/** What keeps a page shown, which would keep it from freezing too. */
const shownBy = new WeakMap<Page, CDPSession>()

/** Freezes a tab as the browser does with one in the background, and sees its timers stand still. Both tabs count their ticks. */
export async function freeze(page: Page, openBeside: () => Promise<Page>): Promise<Frozen> {
  await shownBy.get(page)?.detach()
  const beside = await openBeside()
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
      await beside.close()
      // A person looks at it again. Chromium without a window leaves it hidden, unless it is told that the page has the focus.
      await devTools.send('Emulation.setFocusEmulationEnabled', { enabled: true })
      shownBy.set(page, devTools)
    },
  }
}

const ticksOf = (page: Page) => page.evaluate(() => window.ticks)

/** Resolves once another page has seen its own timers fire five times. */
async function passTime(other: Page): Promise<void> {
  const before = await ticksOf(other)
  await other.waitForFunction((before) => window.ticks >= before + 5, { polling }, before)
}
