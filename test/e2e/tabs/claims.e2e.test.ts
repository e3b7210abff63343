import type { Page } from 'playwright'
import { beforeAll, describe, expect, it } from 'vitest'
import { type StorageBrowser, startStorageBrowser } from '../storage/storage-browser.js'
import type {} from '../storage/storage-page.js'

const isSoak = process.env.LEFTOFF_SOAK !== undefined
const counts = isSoak ? { reloads: 100, copies: 100, rounds: 25 } : { reloads: 5, copies: 3, rounds: 2 }
const timeout = isSoak ? 300_000 : 60_000

const locks = {
  working: undefined,
  missing: () => Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined }),
  rejecting: () => {
    const refuse = () => Promise.reject(new DOMException('The request was denied.', 'SecurityError'))
    Object.assign(LockManager.prototype, { request: refuse, query: refuse })
  },
}

let browser: StorageBrowser

beforeAll(async () => {
  browser = await startStorageBrowser()
  return () => browser.end()
})

/** Opens the shop in the page's tab: the conversation it has from then on. */
const openShop = (page: Page): Promise<string> => page.evaluate(() => window.store.initConversation('shop'))

async function sayHello(page: Page): Promise<void> {
  await page.evaluate(async () => {
    window.store.recordMessage({ role: 'user', text: 'Hello' })
    await window.store.flush()
  })
}

describe.each(['working', 'missing', 'rejecting'] as const)(
  'a tab is a conversation, locks %s',
  { timeout },
  (mode) => {
    const before = locks[mode]
    const open = (origin: string) => browser.open(`${mode}-${origin}`, 'dexie', before && { before })

    it('keeps its conversation through reloads, and a copy of the tab never has it', async ({ task }) => {
      const page = await open('reload')
      const id = await openShop(page)
      await sayHello(page)
      const reloaded = new Set<string>()
      for (let count = 0; count < counts.reloads; count++) {
        await page.reload()
        reloaded.add(await openShop(page))
      }
      expect([...reloaded]).toEqual([id])

      const copied = new Set([id])
      for (let count = 0; count < counts.copies; count++) {
        const [copy] = await Promise.all([
          page.context().waitForEvent('page'),
          // With an opener, so that the browser copies sessionStorage as it does when a person duplicates the tab.
          page.evaluate(() => void window.open(location.href)),
        ])
        if (before) {
          await copy.addInitScript(before)
          await copy.reload()
        }
        await copy.waitForFunction(() => 'store' in window)
        const theirs = await copy.evaluate(async () => {
          const opened = await window.store.initConversation('shop')
          return { opened, current: window.store.getState().currentConversationId }
        })
        expect(theirs.current).toBe(theirs.opened) // settled once it resolves
        copied.add(theirs.opened)
        await copy.close()
      }
      expect(copied.size).toBe(counts.copies + 1)
      Object.assign(task.meta, {
        measured: `${counts.reloads} reloads: the same each time; ${counts.copies} copies: another each time`,
      })
      expect(await page.evaluate(() => window.store.getState())).toMatchObject({ currentConversationId: id })
      await page.close()
    })

    it('gives its conversation back when it crashes', async () => {
      const [a, b] = [await open('crash'), await open('crash')]
      const id = await openShop(a)
      await sayHello(a)
      expect(await openShop(b)).not.toBe(id)
      const devTools = await browser.devTools(a)
      const crash = () => {
        // Answered by nobody: the page is gone.
        devTools.send('Page.crash').catch(() => {})
      }
      await Promise.all([a.waitForEvent('crash'), crash()])
      await expect
        .poll(async () => {
          const c = await open('crash')
          const opened = await openShop(c)
          await c.close()
          return opened
        })
        .toBe(id)
      await Promise.all([a.close(), b.close()])
    })

    it('has it alone when ten tabs open at the same moment', async ({ task }) => {
      for (let round = 0; round < counts.rounds; round++) {
        const origin = `many-${round}`
        const first = await open(origin)
        await openShop(first)
        await sayHello(first)
        for (let count = 1; count < 5; count++) {
          await first.evaluate(() => window.store.newConversation('shop'))
          await sayHello(first)
        }
        await first.close()
        const tabs = await Promise.all(Array.from({ length: 10 }, () => open(origin)))
        const ids = await Promise.all(tabs.map(openShop))
        expect(new Set(ids).size).toBe(10)
        await Promise.all(tabs.map((tab) => tab.close()))
      }
      Object.assign(task.meta, { measured: `${counts.rounds} rounds of ten tabs: ten conversations each time` })
    })
  },
)

describe('tabs', { timeout }, () => {
  it('resume the newest conversation after the browser was closed', async () => {
    const page = await browser.open('closed', 'dexie')
    const id = await openShop(page)
    await sayHello(page)
    await browser.close()
    expect(await openShop(await browser.open('closed', 'dexie'))).toBe(id)
  })

  it('leave its conversation to a tab whose reload is slow', async () => {
    const [a, b] = [await browser.open('slow', 'dexie'), await browser.open('slow', 'dexie')]
    const id = await openShop(a)
    await sayHello(a)
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await a.route('**/page.js', async (route) => {
      await held
      await route.continue()
    })
    const asked = a.waitForRequest('**/page.js')
    await Promise.all([
      asked.then(async () => {
        const opening = openShop(b)
        release()
        return opening
      }),
      a.reload(),
    ])
    expect(await openShop(a)).toBe(id)
    // It waited for 250 ms, and gives way to a page that comes later than that.
    await expect
      .poll(() => b.evaluate(() => window.store.getState()))
      .toSatisfy(({ status, currentConversationId }) => status === 'ready' && currentConversationId !== id)
    await Promise.all([a.close(), b.close()])
  })

  it('show which conversations are open in others', async () => {
    const [a, b] = [await browser.open('marks', 'dexie'), await browser.open('marks', 'dexie')]
    const id = await openShop(a)
    await sayHello(a)
    await openShop(b)
    await expect.poll(() => b.evaluate(() => window.store.getState().openElsewhere)).toContain(id)
    await a.close()
    const elsewhere = () => b.evaluate(() => window.store.getState().openElsewhere)
    await expect.poll(elsewhere).toEqual([])
    expect(await b.evaluate((id) => window.store.switchConversation(id), id)).toEqual({ ok: true })
    expect(await b.evaluate(() => window.store.getState())).toMatchObject({
      status: 'ready',
      currentConversationId: id,
    })
    await b.close()
  })

  it('each come back to their own of twelve conversations in a ring of ten', async () => {
    const tabs = await Promise.all(Array.from({ length: 12 }, () => browser.open('twelve', 'dexie')))
    const ids: string[] = []
    for (const tab of tabs) {
      ids.push(await openShop(tab))
      await sayHello(tab)
    }
    expect(new Set(ids).size).toBe(12)
    await Promise.all(tabs.map((tab) => tab.reload()))
    expect(await Promise.all(tabs.map(openShop))).toEqual(ids)
    await Promise.all(tabs.map((tab) => tab.close()))
  })
})

describe.each(['localStorage', 'dexie'] as const)('signing out, %s', { timeout }, (adapter) => {
  it('leaves nothing of the user, in no tab', async () => {
    const origin = `sign-out-${adapter}`
    const [a, b] = [await browser.open(origin, adapter), await browser.open(origin, adapter)]
    const tabs = [a, b]
    for (const tab of tabs) {
      await tab.evaluate(() => window.store.setUser('ada'))
      await openShop(tab)
      await sayHello(tab)
    }
    await a.evaluate(() => window.store.signOut())
    await expect
      .poll(() => b.evaluate(() => window.store.getState()))
      .toMatchObject({ userId: undefined, sessions: [], currentConversationId: undefined, status: 'signed-out' })
    for (const tab of tabs) {
      expect(
        await tab.evaluate(() =>
          [localStorage, sessionStorage].flatMap((storage) =>
            Object.entries(storage).filter((entry) => /ada|Hello/.test(entry.join())),
          ),
        ),
      ).toEqual([])
    }
    expect(await a.evaluate(async () => (await window.stored.list('ada', { limit: 10 })).sessions)).toEqual([])
    await a.evaluate(() => window.store.setUser('bob'))
    await openShop(a)
    await sayHello(a)
    expect(await a.evaluate(async () => (await window.stored.list('bob', { limit: 10 })).sessions)).toHaveLength(1)
    await Promise.all(tabs.map((tab) => tab.close()))
  })
})
