import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import { startChatSite } from './chat-site.js'
import type { Answer } from './scripted-answers.js'

let site: Awaited<ReturnType<typeof startChatSite>>
let browser: Browser

beforeAll(async () => {
  site = await startChatSite()
  browser = await chromium.launch(chromiumLaunchOptions())
  return async () => {
    await browser.close()
    await site.end()
  }
})

async function newProfile(): Promise<BrowserContext> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  return context
}

async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  await ready(page)
  return page
}

const ready = (page: Page) => page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
const shown = (page: Page) => page.locator('section > ol > li').allTextContents()

async function send(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

/** Whatever the origin keeps in this browser that has the text in it. */
const traces = (page: Page, text: string) =>
  page.evaluate(async (text) => {
    const kept: string[] = [document.cookie]
    for (const storage of [localStorage, sessionStorage]) kept.push(...Object.entries(storage).map(String))
    for (const name of await caches.keys()) {
      const cache = await caches.open(name)
      for (const request of await cache.keys()) kept.push(request.url + (await (await cache.match(request))?.text()))
    }
    const asked = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    for (const { name } of await indexedDB.databases()) {
      const database = await asked(indexedDB.open(name ?? ''))
      for (const store of database.objectStoreNames) {
        const rows = database.transaction(store).objectStore(store)
        kept.push(JSON.stringify([await asked(rows.getAllKeys()), await asked(rows.getAll())]))
      }
      database.close()
    }
    return kept.filter((one) => one.includes(text))
  }, text)

/** The requests about turns that the page has open, and how many it has made. */
function watchRequests(page: Page) {
  const open = new Set<object>()
  const seen = { open, made: 0 }
  page.on('request', (request) => {
    if (!request.url().includes('/api/turn')) return
    seen.made++
    open.add(request)
  })
  for (const event of ['requestfinished', 'requestfailed'] as const) {
    page.on(event as 'requestfinished', (request) => void open.delete(request))
  }
  return seen
}

describe.each(['localStorage', 'dexie'] as const)('a sign-out in mid-answer, %s', (adapter) => {
  it('leaves no text of the turn in any storage, no page follows on, and the next user sees none of it', async () => {
    const context = await newProfile()
    const url = site.url(adapter, 'olga', adapter)
    const tabs = [await open(context, url), await open(context, url)]
    const requests = tabs.map(watchRequests)
    const answers: Answer[] = []
    for (const [index, tab] of tabs.entries()) {
      const answering = site.answerTo(`secret question ${index}`)
      await send(tab, `secret question ${index}`)
      const answer = await answering
      answers.push(answer)
      answer.say('secret answer')
      await expect.poll(async () => (await shown(tab)).at(-1)).toContain('secret answer')
    }
    const [first, second] = tabs
    if (!first || !second) throw new Error('There are two tabs.')
    // This test can fail: the text is there before.
    await expect.poll(() => traces(first, 'secret')).not.toEqual([])

    await second.getByRole('button', { name: 'Sign out' }).click()
    for (const tab of tabs) await expect.poll(() => shown(tab)).toEqual([])
    await expect.poll(() => requests.map(({ open }) => open.size)).toEqual([0, 0])
    const made = requests.map((one) => one.made)
    for (const answer of answers) {
      answer.say(' goes on')
      answer.end()
    }
    await expect.poll(() => answers.map(({ isOver }) => isOver)).toEqual([true, true])
    for (const tab of tabs) {
      expect(await tab.content()).not.toContain('secret')
      await expect.poll(() => traces(tab, 'secret')).toEqual([])
      expect(await traces(tab, 'olga')).toEqual(['user=olga']) // the site's own cookie
    }
    await second.waitForTimeout(1_000) // as long as anything that was planned might take
    expect(requests.map((one) => one.made)).toEqual(made)

    await first.goto(site.url(adapter, 'bob', adapter))
    await ready(first)
    expect(await first.content()).not.toContain('secret')
    const answering = site.answerTo('hello')
    await send(first, 'hello')
    const answer = await answering
    answer.say('hello bob')
    answer.end()
    await expect.poll(() => shown(first)).toEqual(['user: hello', 'assistant: hello bob'])
    for (const tab of tabs) expect(await traces(tab, 'secret')).toEqual([])
    expect(site.errors).toEqual([])
  })
})

it('takes a message along that no server has yet, and what is still being loaded', async () => {
  const context = await newProfile()
  const url = site.url('unsent', 'olga')
  const [sending, other] = [await open(context, url), await open(context, url)]
  await sending.route('**/api/turn', (route) => route.abort())
  await send(sending, 'secret question')
  await expect.poll(() => traces(sending, 'secret')).not.toEqual([])

  // A page that loads: its messages arrive after the sign-out.
  let deliver = () => {}
  const delivered = new Promise<void>((resolve) => {
    deliver = resolve
  })
  const loading = await context.newPage()
  await loading.route('**/api/messages/*', async (route) => {
    await delivered
    await route.fulfill({ json: [{ id: 'm', role: 'user', text: 'secret message' }] }).catch(() => {})
  })
  await Promise.all([loading.waitForRequest('**/api/messages/*'), loading.goto(url)])

  await other.getByRole('button', { name: 'Sign out' }).click()
  for (const tab of [sending, loading]) await expect.poll(() => shown(tab)).toEqual([])
  deliver()
  await sending.unroute('**/api/turn')
  const begun = site.answers.length
  await sending.waitForTimeout(2_500) // longer than the client waits after its first tries
  for (const tab of [sending, loading, other]) {
    expect(await tab.content()).not.toContain('secret')
    expect(await traces(tab, 'secret')).toEqual([])
  }
  expect(site.answers).toHaveLength(begun)
})
