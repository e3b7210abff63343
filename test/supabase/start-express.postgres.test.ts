import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { type GuideApp, setUpGuideApp } from '../e2e/guides/guide-app.js'
import { writeFiles } from '../support/guide-files.js'
import { type FreshDatabase, freshDatabase } from './fresh-database.js'

// docs/start-express.md as it stands, with the packed package, its SQL, and a browser without a bundler.

const guide = await readFile(fileURLToPath(new URL('../../docs/start-express.md', import.meta.url)), 'utf8')
const patiently = { timeout: 20_000 }
let app: GuideApp
let browser: Browser
let database: FreshDatabase
let environment: Readonly<Record<string, string>>
let address: string
let context: BrowserContext

beforeAll(async () => {
  browser = await chromium.launch(chromiumLaunchOptions())
  app = await setUpGuideApp('docs/start-express.md')
})
afterAll(async () => {
  await browser?.close()
  await app?.end()
})
beforeEach(async () => {
  database = await freshDatabase()
  const migrations = join(app.folder, 'node_modules/leftoff/supabase/migrations')
  for (const file of (await readdir(migrations)).sort())
    await database.run(await readFile(join(migrations, file), 'utf8'))
  const role = `chat_${randomUUID().slice(0, 8)}`
  await database.run((/^```sql\n([\s\S]*?)^```$/m.exec(guide)?.[1] ?? '').replaceAll('chat_app', role))
  const url = new URL(database.url ?? '')
  url.username = role
  environment = { DATABASE_URL: url.href, COOKIE_SECRET: randomUUID(), PORT: '0' }
})

async function begin(): Promise<Page> {
  address = await app.run('server/main.ts', environment)
  context = await newContext()
  const page = await context.newPage()
  await page.goto(address)
  return page
}

async function newContext(): Promise<BrowserContext> {
  const made = await browser.newContext()
  onTestFinished(() => made.close())
  return made
}

/** The next process of a deploy, at the same address. */
async function runAgain(): Promise<void> {
  expect(await app.run('server/main.ts', { ...environment, PORT: new URL(address).port })).toBe(address)
}

it('streams, resumes, counts what ended while no page was open, and keeps guests apart', async () => {
  const page = await begin()
  await say(page, 'one')
  await says(page, 'assistant: You said: one. ')
  await say(page, 'two and a half')
  await page.getByText('assistant: You said: one, two').waitFor()
  await page.reload()
  await says(page, 'assistant: You said: one, two and a half. ')
  expect(await page.getByRole('listitem').count()).toBe(4)
  expect(await context.cookies()).toMatchObject([{ name: 'user', httpOnly: true, secure: true, sameSite: 'Lax' }])

  // During an answer the next message can be typed, and not be sent.
  await say(page, 'three')
  await page.getByRole('button', { name: 'Stop' }).waitFor()
  await page.getByLabel('Message').fill('four')
  await page.getByLabel('Message').press('Enter')
  await says(page, 'assistant: You said: one, two and a half, three. ')
  expect(await page.getByLabel('Message').inputValue()).toBe('four')

  // A second tab begins its own. What the first one asks for meanwhile is answered while it is closed.
  const other = await context.newPage()
  await other.goto(address)
  await say(other, 'hello')
  await says(other, 'assistant: You said: hello. ')
  await say(page, 'and this?')
  await page.getByRole('button', { name: 'Stop' }).waitFor()
  await page.goto('about:blank')
  const answered = () => database.run(`select 1 from messages where text like '%and this?. '`)
  await expect.poll(answered, patiently).toHaveLength(1)
  await page.goBack()
  await says(page, 'assistant: You said: one, two and a half, three, and this?. ')
  await expect.poll(() => countsOf(page), patiently).toEqual([2, 8])
  await other.close()

  // Somebody else, with a cookie that this server did not sign.
  const stranger = await newContext()
  const [cookie] = await context.cookies()
  const value = `${cookie?.value.split('.')[0]}.${'A'.repeat(43)}`
  await stranger.addCookies([{ name: 'user', value, url: address }])
  const stored = await database.run('select conversation_id from messages limit 1')
  const messages = `${address}/api/messages/${stored[0]?.conversation_id}`
  expect((await stranger.request.get(messages)).status()).toBe(401)
  expect(await (await context.request.get(messages)).json()).not.toEqual([])
  await app.stop() // before its database goes
})

it('stores what a deploy cuts off, marks it, and answers it again by one click', async () => {
  const page = await begin()
  const again = page.getByRole('button', { name: 'Try again' })
  await say(page, 'one word after the other')
  await page.getByText('assistant: You said: one word').waitFor()
  expect(await app.stop()).toBe(0)
  expect(await database.run(`select outcome from messages where outcome <> 'done'`)).toEqual([
    { outcome: 'interrupted' },
  ])
  await runAgain()
  await again.click()
  await says(page, 'assistant: You said: one word after the other. ')
  expect(await page.getByRole('listitem').count()).toBe(2)
  await again.waitFor({ state: 'hidden' })

  // The page is loaded afterwards.
  await say(page, 'two')
  await page.getByText('assistant: You said: one word after the other, ').waitFor()
  expect(await app.stop()).toBe(0)
  await runAgain()
  await page.reload()
  await page.getByText(/^assistant: You said: .*\(interrupted\)$/).waitFor()
  await again.click()
  await says(page, 'assistant: You said: one word after the other, two. ')
  await page.reload()
  await says(page, 'assistant: You said: one word after the other, two. ')
  expect(await page.getByRole('listitem').count()).toBe(4)
  await app.stop()
})

it('answers again by one click after its server was killed', async () => {
  await app.replace('  await turns.close()\n', '') // it ends without a word
  await app.replace('  sessions,\n  log,\n  agent:', '  sessions,\n  log,\n  leaseMs: 3_000,\n  agent:')
  const page = await begin()
  await say(page, 'one word after the other')
  await page.getByText('assistant: You said: one word').waitFor()
  await app.stop()
  expect(await database.run('select role from messages')).toEqual([{ role: 'user' }])
  await runAgain()
  await page.getByRole('button', { name: 'Try again' }).click()
  await says(page, 'assistant: You said: one word after the other. ')
  expect(await page.getByRole('listitem').count()).toBe(2)
  await app.stop()
})

it('says that the agent lost the earlier context', async () => {
  const page = await begin()
  await page.route('**/api/turn', async (route) => {
    if (route.request().method() !== 'POST') return route.fulfill({ status: 204 })
    const { turnId, messageId, message } = route.request().postDataJSON()
    const events = [
      { type: 'turn', turnId, messageId, message },
      { type: 'recovered', reason: 'stale', contextLost: true },
      { type: 'done', kept: true },
    ]
    const body = events.map((event, index) => `id: ${turnId}/${index + 1}\ndata: ${JSON.stringify(event)}\n\n`).join('')
    return route.fulfill({ contentType: 'text/event-stream', body })
  })
  await say(page, 'hello')
  await page.getByText('The assistant no longer knows the earlier messages').waitFor()
  await app.stop()
})

it('has accounts with the lines that the guide changes: the history on every device, signing in again, signing out', async () => {
  await app.replace(
    'return undefined\n}\n\nconst history',
    'return _password === "right" ? _name : undefined\n}\n\nconst history',
  )
  await change()
  const page = await begin()
  await signIn(page, 'wrong')
  await signIn(page, 'right')
  await say(page, 'one')
  await says(page, 'assistant: You said: one. ')

  // Another device comes back to the conversation. What it says shows on the first one, which is idle.
  const device = await newContext()
  const other = await device.newPage()
  await other.goto(address)
  await signIn(other, 'right')
  await says(other, 'assistant: You said: one. ')
  await say(other, 'two')
  await says(other, 'assistant: You said: one, two. ')
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange'))) // sooner than the next poll
  await says(page, 'assistant: You said: one, two. ')
  const counted = () => database.run('select messages::int from app.conversation_sessions')
  await expect.poll(counted, patiently).toEqual([{ messages: 4 }])

  // The sign-in ended: the message waits for the next one.
  await context.clearCookies()
  await say(page, 'three')
  await page.getByText('Sign in and send again.').waitFor()
  await signIn(page, 'right')
  await page.getByText('user: three').waitFor()
  await page.getByRole('button', { name: 'Try again' }).click()
  await says(page, 'assistant: You said: one, two, three. ')

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Password').waitFor()
  expect(await page.getByRole('listitem').count()).toBe(0)
  expect((await context.request.get(`${address}/api/me`)).status()).toBe(401)
  await app.stop()
})

/** Changes the guide's files as its blocks of differences say. */
async function change(): Promise<void> {
  const blocks = [...guide.matchAll(/^```diff\n (?:\/\/|<!--) (\S+).*\n([\s\S]*?)^```$/gm)]
  expect(blocks).toHaveLength(3)
  for (const [, path = '', lines = ''] of blocks) {
    let code = await readFile(join(app.folder, path), 'utf8')
    for (const [, before = '', after = ''] of lines.matchAll(/((?:^-.*\n)+)((?:^\+.*\n)*)/gm)) {
      const without = (text: string) => text.replaceAll(/^[-+]/gm, '')
      expect(code).toContain(without(before))
      code = code.replace(without(before), () => without(after))
    }
    await writeFiles(app.folder, [[path, code]])
  }
}

async function signIn(page: Page, password: string): Promise<void> {
  await page.getByLabel('Name').fill('ada')
  await page.getByLabel('Password').fill(password)
  const answered = page.waitForResponse('**/api/sign-in')
  await page.getByRole('button', { name: 'Sign in' }).click()
  expect((await answered).status()).toBe(password === 'right' ? 204 : 401)
}

/** How many messages each conversation of the history has, as the page's own leftoff reads it. */
function countsOf(page: Page): Promise<unknown> {
  return page.evaluate(`(async () => {
    const { localStorageAdapter } = await import('leftoff')
    const { sessions } = await localStorageAdapter().list('', { limit: 10 })
    return sessions.map(({ messageCount }) => messageCount).sort()
  })()`)
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

async function says(page: Page, text: string): Promise<void> {
  await page.getByText(text, { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
}
