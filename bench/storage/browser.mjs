import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright'
import { chromiumLaunchOptions } from './bundle.mjs'

/** @typedef {Awaited<ReturnType<typeof createBrowser>>} BenchBrowser */

/** Chromium with a profile of its own, which stays when the browser is closed and opened again. */
export async function createBrowser() {
  const options = await chromiumLaunchOptions()
  const folder = await mkdtemp(join(tmpdir(), 'leftoff-bench-'))
  /** @type {import('playwright').BrowserContext | undefined} */
  let context

  /** Closes it in an orderly way: what it has in memory reaches the disk. */
  async function close() {
    await context?.close()
    context = undefined
  }

  return {
    close,

    /**
     * Opens a tab, and the browser if need be.
     *
     * @param {string} url
     */
    async open(url) {
      context ??= await chromium.launchPersistentContext(folder, options)
      const page = await context.newPage()
      page.on('pageerror', (error) => console.error(`${url}: ${error}`))
      await page.goto(url)
      return page
    },

    version: () => context?.browser()?.version(),

    async end() {
      await close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
