import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type CDPSession, chromium, type Page } from 'playwright'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import { type AdapterName, startStorageSite } from './storage-site.js'

/** A browser with a profile that outlives it, on the site of these tests. */
export interface StorageBrowser {
  /** Opens a tab, and the browser if need be. `origin` is any name; each has a storage of its own. */
  open(origin: string, adapter: AdapterName, options?: OpenOptions): Promise<Page>
  /** Closes the browser in an orderly way. */
  close(): Promise<void>
  /** Runs `run`, and the moment it resolves ends the browser's processes as a crash does: none of them is told. */
  killAfter(run: () => Promise<unknown>): Promise<void>
  /** How many processes run pages. */
  renderers(): Promise<number>
  /** The browser's own tools for a page. */
  devTools(page: Page): Promise<CDPSession>
  /** What pages threw or left rejected since the last call. */
  takeErrors(): readonly string[]
  /** Closes and deletes everything. */
  end(): Promise<void>
}

interface OpenOptions {
  /** Runs in every frame before its own scripts. */
  readonly before?: () => void
  /** Opens the page in a frame without an origin. */
  readonly isSandboxed?: boolean
}

export async function startStorageBrowser(): Promise<StorageBrowser> {
  const site = await startStorageSite()
  const profile = await mkdtemp(join(tmpdir(), 'leftoff-profile-'))
  let context: BrowserContext | undefined
  /** One for all tabs that are opened at the same moment. */
  let launching: Promise<BrowserContext> | undefined
  let errors: string[] = []

  async function launch(): Promise<BrowserContext> {
    const launched = await chromium.launchPersistentContext(profile, chromiumLaunchOptions())
    // Unhandled rejections too, of frames too.
    launched.on('weberror', (error) => errors.push(String(error.error())))
    return launched
  }

  async function processes(): Promise<readonly { readonly type: string; readonly id: number }[]> {
    const session = await context?.browser()?.newBrowserCDPSession()
    if (!session) throw new Error('The browser is not open.')
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    await session.detach()
    return processInfo
  }

  const browser: StorageBrowser = {
    async open(origin, adapter, { before, isSandboxed = false } = {}) {
      launching ??= launch()
      context = await launching
      const page = await context.newPage()
      if (before) await page.addInitScript(before)
      await page.goto(isSandboxed ? site.sandboxUrl(origin, adapter) : site.url(origin, adapter))
      return page
    },
    async close() {
      await context?.close()
      context = undefined
      launching = undefined
    },
    async killAfter(run) {
      if (!context) throw new Error('The browser is not open.')
      // Found in advance, as asking takes time; the browser's own first, so that it sees no child die before it.
      const running = (await processes()).toSorted((a) => (a.type === 'browser' ? -1 : 0))
      await run()
      const closed = context.waitForEvent('close')
      for (const { id } of running) {
        try {
          process.kill(id, 'SIGKILL')
        } catch {
          // Gone with its parent.
        }
      }
      await closed
      context = undefined
      launching = undefined
    },
    async renderers() {
      return (await processes()).filter(({ type }) => type === 'renderer').length
    },
    async devTools(page) {
      return page.context().newCDPSession(page)
    },
    takeErrors() {
      const taken = errors
      errors = []
      return taken
    },
    async end() {
      await browser.close()
      await site.end()
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  return browser
}
