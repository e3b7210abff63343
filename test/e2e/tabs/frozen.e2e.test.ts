import type { Page } from 'puppeteer-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type {} from '../storage/storage-page.js'
import { type FreezingBrowser, startFreezingBrowser } from './freezing-browser.js'

let browser: FreezingBrowser

beforeAll(async () => {
  browser = await startFreezingBrowser()
  return () => browser.end()
})

/** Opens the shop in the page's tab: the conversation it has from then on. */
const openShop = (page: Page): Promise<string> => page.evaluate(() => window.store.initConversation('shop'))

/** Says something and waits until it is saved. */
async function say(page: Page, text: string): Promise<void> {
  await page.evaluate(async (text) => {
    window.store.recordMessage({ role: 'user', text })
    await window.store.flush()
  }, text)
}

/** Says something that a frozen page cannot save: its timers stand still. */
async function sayUnsaved(page: Page, text: string): Promise<void> {
  const pending = await page.evaluate((text) => {
    window.store.recordMessage({ role: 'user', text })
    return window.store.getState().saving.pending
  }, text)
  expect(pending).toBe(1)
}

/** What any storage of the page holds of someone. */
const traces = (page: Page, of: string) =>
  page.evaluate(
    async (of) => [
      ...[localStorage, sessionStorage].flatMap((storage) =>
        Object.entries(storage).flatMap((entry) => (entry.join().includes(of) ? [entry] : [])),
      ),
      ...(await window.raw.containing(of)),
    ],
    of,
  )

describe.each(['localStorage', 'dexie'] as const)('a frozen tab, %s', (adapter) => {
  it('writes nothing back of a user who signed out in another tab', async () => {
    const [frozen, other] = [
      await browser.open(`out-${adapter}`, adapter),
      await browser.open(`out-${adapter}`, adapter),
    ]
    for (const tab of [frozen, other]) {
      await tab.evaluate(() => window.store.setUser('olga'))
      await openShop(tab)
      await say(tab, 'Hello from Olga')
    }
    await expect.poll(() => frozen.evaluate(() => window.store.getState().sessions.length)).toBe(2)
    const { thaw } = await browser.freeze(frozen)
    await sayUnsaved(frozen, 'Unsaved by Olga')
    const signOut = () => other.evaluate(() => window.store.signOut())
    // A message of a BroadcastChannel reaches a frozen page, and a transaction on IndexedDB that it then begins ends at the thaw:
    // so may the sign-out, which waits for it.
    if (adapter === 'dexie') await Promise.all([signOut(), thaw()])
    else {
      await signOut()
      expect(await traces(other, 'Olga')).toEqual([])
      await thaw()
    }
    await expect.poll(() => frozen.evaluate(() => window.store.getState().userId)).toBe(undefined)
    expect(await frozen.evaluate(() => window.store.getState().sessions)).toEqual([])
    // Once the next user's words are saved, whatever it had planned to save of Olga is through.
    await frozen.evaluate(() => window.store.setUser('bob'))
    await openShop(frozen)
    await say(frozen, 'Hello from Bob')
    expect(await traces(frozen, 'Olga')).toEqual([])
    expect(await traces(frozen, 'olga')).toEqual([])
    expect(await other.evaluate(async () => (await window.stored.list('olga', { limit: 10 })).sessions)).toEqual([])
    // What one process writes to localStorage, another reads a moment later.
    await expect
      .poll(() => other.evaluate(async () => (await window.stored.list('bob', { limit: 10 })).sessions))
      .toMatchObject([{ lastMessagePreview: 'Hello from Bob', messageCount: 1 }])
    await Promise.all([frozen.close(), other.close()])
  })

  it('keeps its conversation to itself, and saves at the thaw what it had not', async () => {
    const frozen = await browser.open(`keeps-${adapter}`, adapter)
    const id = await openShop(frozen)
    await say(frozen, 'Hello')
    const { thaw } = await browser.freeze(frozen)
    await sayUnsaved(frozen, 'Unsaved')
    const other = await browser.open(`keeps-${adapter}`, adapter)
    expect(await openShop(other)).not.toBe(id)
    await say(other, 'Hello from another')
    const stored = () =>
      other.evaluate(async (id) => {
        const row = await window.stored.get('', id)
        return typeof row === 'object' ? row.messageCount : row
      }, id)
    expect(await stored()).toBe(1)

    await thaw()
    await expect.poll(stored).toBe(2)
    expect(await frozen.evaluate(() => window.store.getState())).toMatchObject({
      status: 'ready',
      currentConversationId: id,
    })
    await expect.poll(() => frozen.evaluate(() => window.store.getState().sessions.length)).toBe(2)
    await Promise.all([frozen.close(), other.close()])
  })

  it('does not keep a person from taking its conversation over, and does nothing on its old claim at the thaw', async () => {
    const frozen = await browser.open(`taken-${adapter}`, adapter)
    const id = await openShop(frozen)
    await say(frozen, 'Hello')
    const other = await browser.open(`taken-${adapter}`, adapter)
    const link = (id: string) => window.store.initConversation('shop', { conversationId: id })
    await other.evaluate(link, id)
    const stateOf = (page: Page) =>
      page.evaluate(() => {
        const { status, currentConversationId } = window.store.getState()
        return { status, conversationId: currentConversationId }
      })
    expect(await stateOf(other)).toEqual({ status: 'watching', conversationId: id })
    // What the app would act on: that the conversation is its own.
    await frozen.evaluate(() => {
      const seen: string[] = []
      window.store.subscribe(({ status }) => seen.push(status))
      Object.assign(window, { seen })
    })
    await frozen.evaluate(() => window.store.flush())
    await frozen.evaluate(() => Reflect.get(window, 'seen').splice(0))
    const { thaw } = await browser.freeze(frozen)
    expect(await other.evaluate(() => window.store.takeOver())).toBe(true)
    expect(await stateOf(other)).toEqual({ status: 'ready', conversationId: id })
    await say(other, 'From here on')

    await thaw()
    await expect.poll(() => stateOf(frozen)).toEqual({ status: 'watching', conversationId: id })
    expect(await frozen.evaluate(() => Reflect.get(window, 'seen'))).not.toContain('ready')
    expect(await frozen.evaluate(() => window.events.map(({ type }) => type))).toContain('taken-over')
    expect(await stateOf(other)).toEqual({ status: 'ready', conversationId: id })
    await Promise.all([frozen.close(), other.close()])
  })
})
