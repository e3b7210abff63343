import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startStorageSite } from '../e2e/storage/storage-site.js'
import type { Engine, EnginePage } from '../engines/engine.js'
import { lastingPort } from '../support/lasting-port.js'
import { descendants, isRunning, type Program, startProgram, until } from './program.js'
import { isReady, startSession, type WebDriverSession } from './web-driver.js'

/** An installed WebKitGTK, on a display of its own. */
export interface WebKit extends Engine {
  /** Does in the page what closes its tab; resolves once that is gone. */
  closed(page: EnginePage, run: () => void | Promise<void>): Promise<void>
}

const browserPath = fileURLToPath(new URL('browser.py', import.meta.url))

export async function startWebKit(): Promise<WebKit> {
  const driverPath = findDriver()
  const ends: (() => Promise<unknown>)[] = []
  const end = async () => {
    for (const stop of ends.splice(0).reverse()) await stop()
  }
  try {
    const profile = await mkdtemp(join(tmpdir(), 'leftoff-webkit-'))
    ends.push(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }))
    const site = await startStorageSite()
    ends.push(() => site.end())
    const { display, server } = await startDisplay()
    ends.push(() => server.end())
    const { driver, url } = await startDriver(driverPath, display)
    ends.push(() => driver.end())
    const browser = createBrowser(url, profile)
    ends.push(() => browser.close())

    const handles = new WeakMap<EnginePage, string>()
    const handleOf = (page: EnginePage): string => {
      const handle = handles.get(page)
      if (handle === undefined) throw new Error('This tab belongs to another browser.')
      return handle
    }
    const pageOf = (session: WebDriverSession, handle: string): EnginePage => {
      const page = createPage(session, handle)
      handles.set(page, handle)
      return page
    }

    return {
      async open(origin, { adapter = 'dexie', locks } = {}) {
        const session = await browser.session()
        const page = pageOf(session, await session.open())
        await page.goto(site.url(origin, adapter, locks))
        return page
      },
      async opened(page, run) {
        const session = await browser.session()
        const before = new Set(await session.windows())
        await page.evaluate(run)
        const handle = await until(
          async () => (await session.windows()).find((one) => !before.has(one)),
          10_000,
          () => 'The page opened no window.',
        )
        const popup = pageOf(session, handle)
        await waitForStore(session, handle)
        return popup
      },
      async closed(page, run) {
        const session = await browser.session()
        const handle = handleOf(page)
        await start(session, handle, run)
        await until(
          async () => !(await session.windows()).includes(handle) || undefined,
          10_000,
          () => 'The page did not close.',
        )
      },
      close: () => browser.close(),
      end,
    }
  } catch (error) {
    await end()
    throw error
  }
}

/** The browser of a profile, which may be closed and opened again. */
function createBrowser(driverUrl: string, profile: string) {
  let opening: Promise<WebDriverSession> | undefined
  return {
    session(): Promise<WebDriverSession> {
      opening ??= startSession(driverUrl, {
        'webkitgtk:browserOptions': { binary: browserPath, args: [profile] },
      })
      return opening
    },
    async close(): Promise<void> {
      const session = await opening?.catch(() => undefined)
      opening = undefined
      const file = join(profile, 'pid')
      const pid = Number(await readFile(file, 'utf8').catch(() => 0))
      await rm(file, { force: true }) // the number may be another program's later
      // The process that writes to the profile is one of its own.
      const all = isRunning(pid) ? [pid, ...descendants(pid).map((one) => one.pid)] : []
      const left = () => all.filter(isRunning)
      if (isRunning(pid)) process.kill(pid, 'SIGTERM')
      await until(
        async () => left().length === 0 || undefined,
        10_000,
        () => 'The browser did not close.',
      ).finally(() => left().map((one) => process.kill(one, 'SIGKILL')))
      // The driver may have noticed by itself.
      await session?.command('DELETE', '').catch(() => {})
    },
  }
}

function createPage(session: WebDriverSession, handle: string): EnginePage {
  const load = async (path: string, body?: object) => {
    await session.inWindow(handle, 'POST', path, body)
    await waitForStore(session, handle)
  }
  return {
    async evaluate<Result>(run: () => Result | Promise<Result>): Promise<Result> {
      const name = await start(session, handle, run)
      const answer = await until(
        () => take(session, handle, name),
        30_000,
        () => `The page did not answer in time: ${run}`,
      )
      // The driver itself would make null of what is undefined. The page is this test's own, so is the type.
      const { value, error }: { value: Result; error?: string } = JSON.parse(answer)
      if (error !== undefined) throw new Error(`In the page: ${error}`)
      return value
    },
    url: async () => String(await session.inWindow(handle, 'GET', '/url')),
    goto: (url) => load('/url', { url }),
    reload: () => load('/refresh'),
    goBack: () => load('/back'),
    async close() {
      await session.inWindow(handle, 'DELETE', '/window')
    },
  }
}

let scripts = 0

/**
 * Starts a function in a page and does not wait for it, as the driver does one thing at a time and pages have to work at
 * once. Its answer waits under the name.
 */
async function start(session: WebDriverSession, handle: string, run: () => unknown): Promise<string> {
  scripts += 1
  const name = `answer${scripts}`
  await script(
    session,
    handle,
    `const answers = (window.answersForTheDriver ??= { ${name}: '' })
    const answer = (given) => { answers.${name} = JSON.stringify(given) }
    Promise.resolve().then(${run}).then(
      (value) => answer({ value }),
      (error) => answer({ error: String(error?.stack || error) }),
    )`,
  )
  return name
}

/** The answer, once it is there. */
async function take(session: WebDriverSession, handle: string, name: string): Promise<string | undefined> {
  const gone = JSON.stringify({ error: 'The page went away before it answered.' })
  const source = `return window.answersForTheDriver ? window.answersForTheDriver.${name} ?? '' : ${JSON.stringify(gone)}`
  const answer = await script(session, handle, source)
  return typeof answer === 'string' && answer !== '' ? answer : undefined
}

async function waitForStore(session: WebDriverSession, handle: string): Promise<void> {
  await until(
    async () => (await script(session, handle, `return 'store' in window || null`)) ?? undefined,
    10_000,
    () => 'The script of the page did not run.',
  )
}

function script(session: WebDriverSession, handle: string, source: string): Promise<unknown> {
  return session.inWindow(handle, 'POST', '/execute/sync', { script: source, args: [] })
}

/** On a number that nobody else uses: the server chooses it. */
async function startDisplay(): Promise<{ readonly display: string; readonly server: Program }> {
  const server = startProgram('Xvfb', ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'])
  let number = ''
  server.process.stdio[3]?.on('data', (text: Buffer) => {
    number += text
  })
  const display = await until(
    async () => /^(\d+)\n/.exec(number)?.[1],
    10_000,
    () => `Xvfb did not start: ${server.output()}`,
  ).catch(async (error: unknown) => {
    await server.end()
    throw error
  })
  return { display: `:${display}`, server }
}

/** On a port that was free a moment ago; another one if it no longer is. */
async function startDriver(path: string, display: string): Promise<{ readonly driver: Program; readonly url: string }> {
  for (let attempt = 1; ; attempt++) {
    const port = await lastingPort()
    const url = `http://127.0.0.1:${port}`
    const driver = startProgram(path, ['--host=127.0.0.1', `--port=${port}`], {
      DISPLAY: display,
      GDK_BACKEND: 'x11',
      LIBGL_ALWAYS_SOFTWARE: '1',
      NO_AT_BRIDGE: '1',
      GSETTINGS_BACKEND: 'memory',
    })
    try {
      await until(
        () => isReady(url),
        10_000,
        () => `WebKitWebDriver did not start: ${driver.output()}`,
      )
      return { driver, url }
    } catch (error) {
      await driver.end()
      if (attempt === 3) throw error
    }
  }
}

function findDriver(): string {
  const places = [process.env.WEBKIT_DRIVER_PATH, '/usr/bin/WebKitWebDriver'].filter((path) => path)
  const found = places.find((path) => path && existsSync(path))
  if (found) return found
  throw new Error(
    'No WebKitWebDriver found. On Debian: apt-get install webkit2gtk-driver xvfb python3-gi gir1.2-webkit2-4.1 gir1.2-gtk-3.0',
  )
}
