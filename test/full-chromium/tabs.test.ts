import type { Page } from 'playwright'
import { beforeAll, describe, expect, it } from 'vitest'
import type {} from '../e2e/storage/storage-page.js'
import { type FullChromium, startFullChromium } from './full-chromium.js'

let browser: FullChromium

beforeAll(async () => {
  browser = await startFullChromium()
  return () => browser.end()
})

/** Opens the shop in the page's tab: the conversation it has from then on. */
const openShop = (page: Page): Promise<string> => page.evaluate(() => window.store.initConversation('shop'))

const stateOf = (page: Page) => page.evaluate(() => window.store.getState())

async function sayHello(page: Page): Promise<void> {
  await page.evaluate(async () => {
    window.store.recordMessage({ role: 'user', text: 'Hello' })
    await window.store.flush()
  })
}

/** Goes to another site and comes back; whether the page itself came back, out of the cache. */
async function away(page: Page, meanwhile: () => Promise<unknown> = async () => {}): Promise<boolean> {
  await page.evaluate(() => Object.assign(window, { isThePageThatLeft: true }))
  await page.goto(page.url().replace('http://', 'http://elsewhere-'))
  await meanwhile()
  // A page out of the cache fires no load event.
  await page.goBack({ waitUntil: 'commit' })
  await page.waitForFunction(() => 'store' in window)
  return page.evaluate(() => 'isThePageThatLeft' in window)
}

describe('back from the back/forward cache', () => {
  it('the tab has its conversation, and saves in it', async () => {
    const page = await browser.open('back')
    const id = await openShop(page)
    await sayHello(page)
    expect(await away(page)).toBe(true)
    await expect.poll(() => stateOf(page)).toMatchObject({ status: 'ready', currentConversationId: id })
    await sayHello(page)
    expect(await page.evaluate(async () => (await window.stored.list('', { limit: 10 })).sessions)).toMatchObject([
      { messageCount: 2 },
    ])
    await page.close()
  })

  it('it has what another tab said in it in the meantime', async () => {
    const page = await browser.open('fresh')
    const id = await openShop(page)
    await sayHello(page)
    await away(page, async () => {
      const other = await browser.open('fresh')
      expect(await openShop(other)).toBe(id)
      await sayHello(other)
      await other.close()
    })
    // The browser drops a cached page when another tab asks for locks; then this is a new page that resumes.
    await openShop(page)
    await expect
      .poll(() => stateOf(page))
      .toMatchObject({ status: 'ready', currentConversationId: id, sessions: [{ messageCount: 2 }] })
    await page.close()
  })

  it('it watches what another tab has now, never has it beside that one, and takes it over if asked', async () => {
    const page = await browser.open('taken')
    const id = await openShop(page)
    await sayHello(page)
    let other: Page | undefined
    const isCached = await away(page, async () => {
      other = await browser.open('taken')
      expect(await openShop(other)).toBe(id)
      // A tab in which nothing was said yields to a page that comes back.
      await sayHello(other)
    })
    if (!other) throw new Error('The other tab was opened.')
    if (!isCached) await openShop(page)
    await expect.poll(() => stateOf(page)).toMatchObject({ status: 'watching', currentConversationId: id })
    expect(await stateOf(other)).toMatchObject({ status: 'ready', currentConversationId: id })
    await sayHello(other)
    await page.evaluate(() => window.store.updateActivity())
    expect(await page.evaluate((id) => window.stored.get('', id), id)).toMatchObject({ messageCount: 3 })

    expect(await page.evaluate(() => window.store.takeOver())).toBe(true)
    expect(await stateOf(page)).toMatchObject({ status: 'ready', currentConversationId: id })
    const taken = other
    await expect.poll(() => stateOf(taken)).toMatchObject({ status: 'watching', currentConversationId: id })
    await Promise.all([page.close(), other.close()])
  })

  it('it watches what was taken over while it was away', async () => {
    const page = await browser.open('away')
    const id = await openShop(page)
    await sayHello(page)
    const watcher = await browser.open('away')
    await watcher.evaluate((id) => window.store.initConversation('shop', { conversationId: id }), id)
    expect(await stateOf(watcher)).toMatchObject({ status: 'watching' })
    const isCached = await away(page, async () => {
      expect(await watcher.evaluate(() => window.store.takeOver())).toBe(true)
      await sayHello(watcher)
    })
    if (!isCached) await openShop(page)
    await expect.poll(() => stateOf(page)).toMatchObject({ status: 'watching', currentConversationId: id })
    expect(await stateOf(watcher)).toMatchObject({ status: 'ready', currentConversationId: id })
    await Promise.all([page.close(), watcher.close()])
  })

  it('a user who signed out in another tab is gone from it', async () => {
    // Dexie's message that rows changed would drop the cached page: the one that came back would know of no user anyway.
    const page = await browser.open('signed-out', 'localStorage')
    await page.evaluate(() => window.store.setUser('ada'))
    await openShop(page)
    await sayHello(page)
    const isCached = await away(page, async () => {
      const other = await browser.open('signed-out', 'localStorage')
      await other.evaluate(async () => {
        await window.store.setUser('ada')
        await window.store.signOut()
      })
      await other.close()
    })
    expect(isCached).toBe(true)
    await expect.poll(() => stateOf(page)).toMatchObject({ sessions: [], userId: undefined })
    expect(await page.evaluate(async () => (await window.stored.list('ada', { limit: 10 })).sessions)).toEqual([])
    await page.close()
  })
})

it('gives a real duplicate of a tab a conversation of its own, each time', async () => {
  const page = await browser.open('duplicate')
  const id = await openShop(page)
  await sayHello(page)
  const ids = new Set([id])
  for (let count = 0; count < 5; count++) {
    const copy = await browser.duplicate(page)
    // The copy has the tab's own storage, so it knows whose copy it is.
    expect(await copy.evaluate((id) => JSON.stringify({ ...sessionStorage }).includes(id), id)).toBe(true)
    ids.add(await openShop(copy))
    await copy.close()
  }
  expect(ids.size).toBe(6)
  expect(await stateOf(page)).toMatchObject({ status: 'ready', currentConversationId: id })
  await page.close()
})

it('gives each tab that comes back with the browser its own conversation', async () => {
  const tabs = [await browser.open('restored'), await browser.open('restored'), await browser.open('restored')]
  const before: string[] = []
  for (const tab of tabs) {
    before.push(await openShop(tab))
    await sayHello(tab)
  }
  const restored = await browser.restart()
  expect(restored).toHaveLength(3)
  const after = await Promise.all(restored.map(openShop))
  expect(after.toSorted()).toEqual(before.toSorted())
})
