import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { type Demo, setUpDemo } from './demo.js'

/** One server and one browser for all tests of a file, which come as guests of their own and so see nothing of each other. */
export function shareDemo({ agentPace = 1 } = {}) {
  let demo: Demo | undefined
  let browser: Browser | undefined
  let address = ''

  beforeAll(async () => {
    demo = await setUpDemo({ agentPace })
    address = await demo.start()
    browser = await chromium.launch(chromiumLaunchOptions())
  })
  afterAll(async () => {
    await browser?.close()
    await demo?.end()
  })

  return {
    /** A new guest's page, before it is loaded. */
    async guest(options: BrowserContextOptions = {}): Promise<Page> {
      // Axe measures the contrast of colours that stand still.
      if (!browser) throw new Error('The browser was opened before all tests.')
      const context = await browser.newContext({ reducedMotion: 'reduce', baseURL: address, ...options })
      onTestFinished(() => context.close())
      return context.newPage()
    },
    /** A new guest with the demo open. */
    async visit(options: BrowserContextOptions = {}): Promise<Page> {
      const page = await this.guest(options)
      await page.goto('/chat')
      await page.locator('.welcome').waitFor()
      return page
    },
  }
}
