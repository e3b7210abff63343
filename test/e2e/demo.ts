import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { endProcess } from '../support/end-process.js'
import { lastingPort } from '../support/lasting-port.js'
import { agentSessionOf } from './demo-agent-sessions.js'

/** The demo as a person has it: a server with its data, and a browser with its profile. Both can be closed and opened again. */
export interface Demo {
  readonly dataDir: string
  /** Starts the server on the data it had; resolves to the address it prints. */
  start(): Promise<string>
  /** Ends it as a terminal does; resolves to its exit code. */
  stop(): Promise<number | null>
  /** Ends it as a crash does. */
  kill(): Promise<unknown>
  /** Opens the browser on the profile it had, with the page at `path`. */
  open(path: string): Promise<Page>
  /** Closes the browser in an orderly way. */
  closeBrowser(): Promise<void>
  /** Closes it for good: the next one is another guest's. */
  forgetBrowser(): Promise<void>
  /** The agent session id that the server has stored for the conversation on the page. */
  agentSession(page: Page): Promise<string | undefined>
  /** Ends and deletes everything. */
  end(): Promise<void>
}

interface DemoOptions {
  /** 1 as a model that takes its time, less where a test does not look at it while it answers. */
  readonly agentPace?: number
  /** A module that the server's process loads first. */
  readonly preload?: URL
}

export async function setUpDemo({ agentPace = 0.1, preload }: DemoOptions = {}): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'leftoff-e2e-'))
  const dataDir = join(folder, 'data')
  const profile = join(folder, 'profile')
  let server: ChildProcess | undefined
  let address = ''
  // The same after a restart, as the browser's storage belongs to the address.
  const port = await lastingPort()
  let browser: BrowserContext | undefined

  const demo: Demo = {
    dataDir,
    async start() {
      address = ''
      const settings = { PORT: `${port}`, DATA_DIR: dataDir, AGENT_PACE: `${agentPace}` }
      const env = { ...process.env, ...settings, npm_lifecycle_event: undefined }
      // PGlite compiled once, in a simple way: to compile it again in a better one is half the work of a start, for a few queries.
      const args = [
        '--liftoff-only',
        ...(preload ? ['--import', preload.href] : []),
        'examples/chat/dist/server/main.js',
      ]
      server = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
      if (!server.stdout) throw new Error('spawned with a pipe')
      for await (const line of createInterface(server.stdout)) {
        address = /http:\/\/localhost:\d+/.exec(line)?.[0] ?? ''
        if (address) break
      }
      if (!address) {
        await demo.end()
        throw new Error('The demo ended before it printed an address.')
      }
      return address
    },
    async stop() {
      return server ? endProcess(server) : null
    },
    async kill() {
      server?.kill('SIGKILL')
      return demo.stop()
    },
    async open(path) {
      // Nobody sees it move, and each moving picture is drawn.
      browser ??= await chromium.launchPersistentContext(profile, {
        ...chromiumLaunchOptions(),
        reducedMotion: 'reduce',
      })
      const page = browser.pages().find((open) => open.url() === 'about:blank') ?? (await browser.newPage())
      await page.goto(`${address}${path}`)
      return page
    },
    async closeBrowser() {
      await browser?.close()
      browser = undefined
    },
    async forgetBrowser() {
      await demo.closeBrowser()
      await rm(profile, { recursive: true, force: true, maxRetries: 3 })
    },
    agentSession: (page) => agentSessionOf(page, dataDir),
    async end() {
      await demo.closeBrowser()
      await demo.stop()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  return demo
}

/** Types a message and waits for the whole answer, as a person would; gives the answer. */
export async function say(page: Page, text: string): Promise<string> {
  const answers = page.locator('[data-testid=message][data-role=assistant]')
  const before = await answers.count()
  await page.getByTestId('composer').fill(text)
  await page.getByTestId('composer').press('Enter')
  await answers.nth(before).waitFor()
  return (await answers.nth(before).textContent()) ?? ''
}

/** Begins a new chat, and waits until the page shows it. */
export async function newChat(page: Page): Promise<void> {
  await page.getByTestId('new-chat').click()
  await page.locator('.welcome').waitFor()
}

/** Shows what is stored; on a narrow screen the way leads through the menu. */
export async function openStored(page: Page): Promise<void> {
  if ((page.viewportSize()?.width ?? 1280) >= 768) return page.getByTestId('stored-toggle').click()
  await page.getByRole('button', { name: 'Chats' }).click()
  await page.getByRole('button', { name: 'Guest' }).click()
  await page.getByRole('button', { name: 'What is stored' }).click()
}

/** Has the server delete the agent's transcript, and waits until it has: an agent that is asked sooner still knows. */
export async function forget(page: Page): Promise<void> {
  await openStored(page)
  await page.getByTestId('forget').click()
  await page.locator('[data-topic=forgotten]').waitFor()
  // A drawer where there is no room beside the chat.
  const close = page.getByRole('dialog', { name: 'What is stored' }).getByRole('button', { name: 'Close' })
  await ((await close.isVisible()) ? close : page.getByTestId('stored-toggle')).click()
}

/** The conversation id of the page, once it is open. */
export async function conversationId(page: Page): Promise<string> {
  const open = page.locator('main[data-conversation-id]')
  await open.waitFor()
  return (await open.getAttribute('data-conversation-id')) ?? ''
}

/** The texts of all messages on the page. */
export function messages(page: Page): Promise<string[]> {
  return page.getByTestId('message').allTextContents()
}

/** The conversations of the history. */
export function historyItems(page: Page): Locator {
  return page.locator('.leftoff-history-item')
}
