import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { type GuideApp, setUpGuideApp } from '../e2e/guides/guide-app.js'
import { freshDatabase } from './fresh-database.js'

// docs/start-express.md as it stands, with the packed package, its SQL, and a browser without a bundler.

let app: GuideApp
let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch(chromiumLaunchOptions())
  app = await setUpGuideApp('docs/start-express.md')
})
afterAll(async () => {
  await browser?.close()
  await app?.end()
})

it('streams, resumes, stores what a restart cuts off, answers it again, and keeps guests apart', async () => {
  const database = await freshDatabase()
  const migrations = join(app.folder, 'node_modules/leftoff/supabase/migrations')
  for (const file of (await readdir(migrations)).sort())
    await database.run(await readFile(join(migrations, file), 'utf8'))
  const guide = await readFile(fileURLToPath(new URL('../../docs/start-express.md', import.meta.url)), 'utf8')
  const role = `chat_${randomUUID().slice(0, 8)}`
  await database.run((/^```sql\n([\s\S]*?)^```$/m.exec(guide)?.[1] ?? '').replaceAll('chat_app', role))
  const url = new URL(database.url ?? '')
  url.username = role
  const environment = { DATABASE_URL: url.href, COOKIE_SECRET: randomUUID() }
  await app.replace('port: 3000', 'port: 0')
  const address = await app.run('server/main.ts', environment)

  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(address)
  await say(page, 'one')
  await says(page, 'assistant: You said: one. ')
  await say(page, 'two and a half')
  await page.getByText('assistant: You said: one, two').waitFor()
  await page.reload()
  await says(page, 'assistant: You said: one, two and a half. ')
  expect(await page.getByRole('listitem').count()).toBe(4)
  expect(await context.cookies()).toMatchObject([{ name: 'guest', httpOnly: true, secure: true, sameSite: 'Lax' }])

  // A second tab begins its own, and may take the first one's over.
  const other = await context.newPage()
  await other.goto(address)
  await say(other, 'hello')
  await says(other, 'assistant: You said: hello. ')
  await other.close()

  // Somebody else, with a cookie that this server did not sign.
  const stranger = await browser.newContext()
  const [cookie] = await context.cookies()
  const value = `${cookie?.value.split('.')[0]}.${'A'.repeat(43)}`
  await stranger.addCookies([{ name: 'guest', value, url: address }])
  const stored = await database.run('select conversation_id from messages limit 1')
  const messages = `${address}/api/messages/${stored[0]?.conversation_id}`
  expect((await stranger.request.get(messages)).status()).toBe(401)
  expect(await (await context.request.get(messages)).json()).not.toEqual([])

  // A deploy: what the agent had said is kept, and the next process goes on.
  await say(page, 'one word after the other')
  await page.getByText(/assistant: You said: one, two and a half, one word/).waitFor()
  expect(await app.stop()).toBe(0)
  expect(await database.run(`select outcome from messages where outcome <> 'done'`)).toEqual([{ outcome: 'interrupted' }])
  await app.replace('port: 0', `port: ${new URL(address).port}`)
  expect(await app.run('server/main.ts', environment)).toBe(address)
  await page.reload()
  await page.getByText(/assistant: You said: one, two and a half, one word/).waitFor()
  await say(page, 'and now?')
  await says(page, 'assistant: You said: one, two and a half, one word after the other, and now?. ')
  await app.stop() // before its database goes
})

async function say(page: Page, text: string): Promise<void> {
  await page.locator('input:not([readonly])').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

async function says(page: Page, text: string): Promise<void> {
  await page.getByText(text, { exact: true }).waitFor()
  await page.locator('input:not([readonly])').waitFor()
}
