import type { Page } from 'playwright'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type StorageBrowser, startStorageBrowser } from './storage-browser.js'
import type {} from './storage-page.js'

let browser: StorageBrowser

beforeAll(async () => {
  browser = await startStorageBrowser()
  return () => browser.end()
})
// Whatever the storage does, the app is told by state and events, never by an exception.
afterEach(() => expect(browser.takeErrors()).toEqual([]))

describe.each(['localStorage', 'dexie'] as const)('a storage in trouble, %s', (adapter) => {
  it('keeps the bytes of a damaged row, reports it once, and shows its neighbours', async () => {
    const page = await browser.open(`${adapter}-damaged`, adapter)
    const [damaged = '', ...sound] = await page.evaluate(saveThree)
    // A page that has opened nothing reads nothing: the one before may still read its own saves, and meet the damage itself.
    await page.reload()
    await page.evaluate((id) => window.raw.damage(id), damaged)
    await page.evaluate(() => window.store.initConversation('shop'))
    await expect.poll(() => shownIds(page)).toEqual(sound)

    await page.evaluate(sayHello)
    expect(await eventTypes(page)).toEqual(['row-quarantined'])
    expect(await page.evaluate(() => window.raw.containing('damaged bytes'))).toHaveLength(1)
    expect(await statusOf(page)).toEqual({ status: 'ready', pending: 0, error: undefined })
  })

  it('never overwrites a row of newer code, and shows what is said in it', async () => {
    const page = await browser.open(`${adapter}-newer`, adapter)
    const [newer = ''] = await page.evaluate(saveThree)
    await page.evaluate((id) => window.raw.makeNewer(id), newer)
    const before = await page.evaluate(() => window.raw.containing('from newer code'))
    expect(before).toHaveLength(1)
    const code = await page.evaluate((conversationId) => {
      window.store.recordMessage({ role: 'user', text: 'Into the newer row', conversationId })
      return window.store.flush().catch(({ code }) => code)
    }, newer)

    expect(code).toBe('newer-version')
    expect(await page.evaluate(() => window.raw.containing('from newer code'))).toEqual(before)
    expect(await eventTypes(page)).toContain('newer-version')
    expect(await page.evaluate(() => window.store.getState().sessions.map((row) => row.lastMessagePreview))).toContain(
      'Into the newer row',
    )
    expect(await statusOf(page)).toEqual({ status: 'ready', pending: 0, error: undefined })
  })

  it('keeps what was said before it was open, and all that was stored', async () => {
    const page = await browser.open(`${adapter}-early`, adapter)
    const earlier = await page.evaluate(saveThree)
    await page.reload()
    const current = await page.evaluate(async () => {
      window.store.recordMessage({ role: 'user', text: 'Already typing' })
      const current = await window.store.initConversation('shop')
      await window.store.flush()
      return current
    })
    const stored = await page.evaluate(async () => (await window.stored.list('', { limit: 100 })).sessions)
    expect(stored.map(({ conversationId }) => conversationId).sort()).toEqual([...earlier].sort())
    expect(stored.find(({ conversationId }) => conversationId === current)).toMatchObject({
      messageCount: 2,
      lastMessagePreview: 'Already typing',
    })
  })

  it('continues in memory while it is full, and saves all of it once there is room', async () => {
    const page = await browser.open(`${adapter}-full`, adapter)
    const storage = adapter === 'dexie' ? await finiteDatabase(page) : finiteLocalStorage(page)
    await page.evaluate(() => window.store.initConversation('shop'))
    await storage.fill()
    const code = await page.evaluate(async () => {
      for (const text of ['One', 'Two', 'Three']) {
        window.store.newConversation()
        window.store.recordMessage({ role: 'user', text: text.repeat(40) })
      }
      return window.store.flush().catch(({ code }) => code)
    })
    expect(code).toBe('quota-exceeded')
    expect(await statusOf(page)).toEqual({ status: 'degraded', pending: 3, error: 'quota-exceeded' })
    expect(await shownIds(page)).toHaveLength(3)

    await storage.makeRoom()
    await page.evaluate(() => window.store.flush())
    expect(await statusOf(page)).toEqual({ status: 'ready', pending: 0, error: undefined })
    // `save-failed` once for each attempt; the others once.
    expect((await eventTypes(page)).filter((type) => type !== 'save-failed')).toEqual(['degraded', 'restored'])
    await page.reload()
    const stored = await page.evaluate(async () => (await window.stored.list('', { limit: 100 })).sessions)
    expect(stored.map(({ messageCount }) => messageCount)).toEqual([1, 1, 1])
  })

  it('saves what was said while it refused, whatever it threw', async () => {
    const page = await browser.open(`${adapter}-rejecting`, adapter)
    await page.evaluate(sayHello)
    await page.evaluate(() => {
      window.isRejecting = true
      window.store.recordMessage({ role: 'assistant', text: 'Hello to you' })
      window.store.renameConversation(window.store.getState().currentConversationId ?? '', 'Opening hours')
    })
    await expect.poll(() => statusOf(page)).toMatchObject({ status: 'degraded', pending: 1 })
    expect((await statusOf(page)).error).toBeDefined()
    await page.evaluate(async () => {
      window.isRejecting = false
      await window.store.flush()
    })
    expect(await statusOf(page)).toEqual({ status: 'ready', pending: 0, error: undefined })
    expect(await page.evaluate(async () => (await window.stored.list('', { limit: 100 })).sessions)).toMatchObject([
      { messageCount: 2, title: 'Opening hours' },
    ])
  })

  it('lets people chat in memory in a frame without an origin', async () => {
    const page = await browser.open(`${adapter}-sandbox`, adapter, { isSandboxed: true })
    const frame = page.frame('sandbox')
    if (!frame) throw new Error('The page holds the frame.')
    await frame.waitForFunction(() => 'store' in window)
    const shown = await frame.evaluate(async () => {
      await window.store.initConversation('shop')
      window.store.recordMessage({ role: 'user', text: 'Hello' })
      window.store.newConversation()
      await window.store.flush().catch(() => {})
      const { status, sessions, saving } = window.store.getState()
      return { status, counts: sessions.map((row) => row.messageCount).sort(), isTold: saving.error !== undefined }
    })
    expect(shown).toEqual({ status: 'degraded', counts: [1], isTold: true })
  })
})

describe('a localStorage that throws on access', () => {
  function block(): void {
    const { localStorage } = window
    sessionStorage.setItem('blocked', 'yes')
    Object.defineProperty(window, 'localStorage', {
      get() {
        if (sessionStorage.getItem('blocked') !== 'yes') return localStorage
        throw new DOMException('Access is denied for this document.', 'SecurityError')
      },
    })
  }

  it('lets people chat in memory, and takes what was said when it is allowed again', async () => {
    const page = await browser.open('blocked', 'localStorage', { before: block })
    const id = await page.evaluate(async () => {
      const id = await window.store.initConversation('shop')
      window.store.recordMessage({ role: 'user', text: 'Hello' })
      return id
    })
    await expect.poll(() => statusOf(page)).toMatchObject({ status: 'degraded', error: 'storage-unavailable' })
    expect(await shownIds(page)).toEqual([id])
    await page.evaluate(async () => {
      sessionStorage.removeItem('blocked')
      await window.store.flush()
    })
    expect(await page.evaluate(async () => (await window.stored.list('', { limit: 100 })).sessions)).toMatchObject([
      { conversationId: id, messageCount: 1 },
    ])
  })

  it('does not disturb an adapter that stores elsewhere', async () => {
    const page = await browser.open('blocked', 'dexie', { before: block })
    await page.evaluate(sayHello)
    expect(await statusOf(page)).toEqual({ status: 'ready', pending: 0, error: undefined })
    expect(await eventTypes(page)).toEqual([])
  })
})

async function saveThree(): Promise<readonly string[]> {
  const { store } = window
  for (const text of ['One', 'Two', 'Three']) {
    store.newConversation('shop')
    store.recordMessage({ role: 'user', text })
  }
  await store.flush()
  return store.getState().sessions.map((row) => row.conversationId)
}

async function sayHello(): Promise<void> {
  await window.store.initConversation('shop')
  window.store.recordMessage({ role: 'user', text: 'Hello' })
  await window.store.flush()
}

function shownIds(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => window.store.getState().sessions.map((row) => row.conversationId))
}

function eventTypes(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => window.events.map(({ type }) => type))
}

function statusOf(page: Page) {
  return page.evaluate(() => {
    const { status, saving } = window.store.getState()
    return { status, pending: saving.pending, error: saving.error?.code }
  })
}

/** A storage that can be filled for real, and given room again. */
interface FiniteStorage {
  fill(): Promise<void>
  makeRoom(): Promise<void>
}

function finiteLocalStorage(page: Page): FiniteStorage {
  return {
    fill: () => page.evaluate(() => window.raw.fill()),
    makeRoom: () => page.evaluate(() => localStorage.removeItem('filler')),
  }
}

/** To be made before anything is stored: Chromium asks for the quota once and then counts down by itself. */
async function finiteDatabase(page: Page): Promise<FiniteStorage> {
  const devTools = await browser.devTools(page)
  const { origin } = new URL(page.url())
  await devTools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 2_000_000 })
  return {
    fill: () => page.evaluate(() => window.raw.fill()),
    async makeRoom() {
      await devTools.send('Storage.overrideQuotaForOrigin', { origin })
    },
  }
}
