import type { Page } from 'playwright'
import { beforeAll, describe, expect, it } from 'vitest'
import { type StorageBrowser, startStorageBrowser } from '../storage/storage-browser.js'
import { openShop, say } from './shop.js'

const isSoak = process.env.LEFTOFF_SOAK !== undefined
const rounds = isSoak ? 10 : 1
const timeout = isSoak ? 300_000 : 60_000
const perTab = 5

declare global {
  interface Window {
    writing?: Promise<void>
    written?: readonly string[]
  }
}

let browser: StorageBrowser

beforeAll(async () => {
  browser = await startStorageBrowser()
  return () => browser.end()
})

describe.each(['localStorage', 'dexie'] as const)('six tabs at once, %s', { timeout }, (adapter) => {
  const openSix = (origin: string) =>
    Promise.all(Array.from({ length: 6 }, () => browser.open(`${origin}-${adapter}`, adapter)))

  it.for([
    ['of a user who never signed out', false],
    ['of a user who signed out and in again', true],
  ] as const)('lose no conversation %s', async ([, isBack], { task }) => {
    for (let round = 0; round < rounds; round++) {
      const tabs = await openSix(`keep-${isBack}-${round}`)
      if (isBack) {
        await tabs[0]?.evaluate(async () => {
          await window.store.setUser('olga')
          await window.store.signOut()
        })
      }
      const ids = await Promise.all(tabs.map((tab) => write(tab, perTab)))
      // What another process wrote to localStorage can be read a moment later.
      const whole = async () => {
        const stored = await tabs[0]?.evaluate(async () => (await window.stored.list('olga', { limit: 100 })).sessions)
        const once = stored?.filter(({ messageCount }) => messageCount === 1)
        return once?.map(({ conversationId }) => conversationId).sort()
      }
      await expect.poll(whole).toEqual(ids.flat().sort())
      await Promise.all(tabs.map((tab) => tab.close()))
    }
    Object.assign(task.meta, { measured: `${rounds} times ${6 * perTab} of ${6 * perTab}` })
  })

  it('leave nothing of a user who signs out in one of them while the others save', async ({ task }) => {
    for (let round = 0; round < rounds; round++) {
      const tabs = await openSix(`out-${round}`)
      const bob = await browser.open(`out-${round}-${adapter}`, adapter)
      await bob.evaluate(() => window.store.setUser('bob'))
      await openShop(bob)
      await say(bob, 'Words of Bob')
      await Promise.all(tabs.map((tab) => write(tab, 1)))

      const [first, ...others] = tabs
      await Promise.all([
        ...others.map((tab) => tab.evaluate(recordAndFlush)),
        first?.evaluate(() => window.store.signOut()),
        bob.evaluate(recordAndFlush),
      ])
      for (const tab of tabs) {
        await expect.poll(() => tab.evaluate(() => window.store.getState().status)).toBe('signed-out')
      }
      // What another process deleted from localStorage can be read for a moment.
      await expect.poll(() => traces(bob, 'Olga')).toEqual([])
      for (const tab of tabs) {
        await expect.poll(() => traces(tab, 'Olga')).toEqual([])
        await expect.poll(() => traces(tab, 'olga')).toEqual([])
      }
      expect(await bob.evaluate(async () => (await window.stored.list('olga', { limit: 100 })).sessions)).toEqual([])
      expect(await bob.evaluate(async () => (await window.stored.list('bob', { limit: 100 })).sessions)).toMatchObject([
        { messageCount: 2 },
      ])
      expect(await bob.evaluate(() => window.store.getState())).toMatchObject({ status: 'ready', userId: 'bob' })
      await Promise.all([...tabs, bob].map((tab) => tab.close()))
    }
    expect(browser.takeErrors()).toEqual([])
    Object.assign(task.meta, { measured: `${rounds} times nothing left` })
  })
})

/** The result is asked for by itself: with six busy pages Chromium collects promises that only its debugger waits for. */
async function write(tab: Page, count: number): Promise<readonly string[]> {
  await tab.evaluate(writeAsOlga, count)
  await tab.waitForFunction(() => window.written)
  return tab.evaluate(() => window.written ?? [])
}

function writeAsOlga(count: number): void {
  const { store } = window
  const writeAll = async () => {
    await store.setUser('olga')
    await store.initConversation('shop')
    const ids: string[] = []
    for (let made = 0; made < count; made++) {
      ids.push(store.newConversation('shop'))
      store.recordMessage({ role: 'user', text: 'Words of Olga' })
    }
    await store.flush()
    window.written = ids
  }
  window.writing = writeAll()
}

/** A sign-out elsewhere may come in between: then there is no user to record for, and what was recorded is dropped. */
async function recordAndFlush(): Promise<void> {
  const { store } = window
  const isGone = (error: unknown) =>
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    ['signed-out', 'no-user'].includes(String(error.code))
  try {
    store.recordMessage({ role: 'assistant', text: store.getState().userId === 'bob' ? 'Bob again' : 'Olga again' })
    await store.flush()
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

/** What any storage of the page holds of someone. */
function traces(page: Page, of: string): Promise<readonly unknown[]> {
  return page.evaluate(
    async (of) => [
      ...[localStorage, sessionStorage].flatMap((storage) =>
        Object.entries(storage).filter((entry) => entry.join().includes(of)),
      ),
      ...(await window.raw.containing(of)),
    ],
    of,
  )
}
