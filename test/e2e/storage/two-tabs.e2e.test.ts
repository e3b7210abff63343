import type { Page } from 'playwright'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type StorageBrowser, startStorageBrowser } from './storage-browser.js'
import type {} from './storage-page.js'

let browser: StorageBrowser

beforeAll(async () => {
  browser = await startStorageBrowser()
  return () => browser.end()
})
afterEach(() => expect(browser.takeErrors()).toEqual([]))

describe.each(['localStorage', 'dexie'] as const)('two tabs in processes of their own, %s', (adapter) => {
  /** A tab with a conversation of one saved message, and another tab that shows it in its history. */
  async function openTwo(origin: string) {
    const a = await browser.open(`${adapter}-${origin}`, adapter)
    const b = await browser.open(`${adapter}-${origin}`, adapter)
    expect(await browser.renderers()).toBeGreaterThanOrEqual(2)
    await b.evaluate(() => window.store.initConversation('another-shop'))
    const id = await a.evaluate(async () => {
      const conversationId = await window.store.initConversation('shop')
      window.store.recordMessage({ role: 'user', text: 'Hello' })
      await window.store.flush()
      return conversationId
    })
    await seen(b, id, { messageCount: 1 })
    return { a, b, id }
  }

  it('tell each other of a save once it can be read', async () => {
    const { a, b, id } = await openTwo('tell')
    const told = b.evaluate(
      (id) =>
        new Promise((resolve) => {
          window.adapter.subscribe?.('', async (ids) => {
            const row = ids.includes(id) ? await window.adapter.get('', id) : undefined
            if (typeof row === 'object') resolve(row.messageCount)
          })
        }),
      id,
    )
    await a.evaluate(async () => {
      window.store.recordMessage({ role: 'assistant', text: 'Hello to you' })
      await window.store.flush()
    })
    expect(await told).toBe(2)
  })

  it('keep a rename and the messages that the other tab had not saved yet', async () => {
    const { a, b, id } = await openTwo('rename')
    await a.evaluate(recordTwo)
    await b.evaluate(async (id) => {
      window.store.renameConversation(id, 'Opening hours')
      await window.store.flush()
    }, id)
    await a.evaluate(() => window.store.flush())
    const whole = { messageCount: 3, title: 'Opening hours' }
    expect(await storedRow(a, id)).toMatchObject(whole)
    await seen(a, id, whole)
    await seen(b, id, whole)
  })

  it('count each message of both once, though neither knew of the other', async () => {
    const { a, b, id } = await openTwo('count')
    // The one waits for its second; the other saves in between.
    await a.evaluate(recordTwo)
    await b.evaluate(async (conversationId) => {
      window.store.recordMessage({ role: 'user', text: 'From the other tab', conversationId })
      await window.store.flush()
    }, id)
    // Another process reads what was written to localStorage a moment later.
    await expect.poll(() => storedRow(a, id)).toMatchObject({ messageCount: 2 })
    await a.evaluate(() => window.store.flush())
    expect(await storedRow(a, id)).toMatchObject({ messageCount: 4 })
    await seen(b, id, { messageCount: 4 })
  })

  it('do not bring a removed conversation back by what the other had not saved yet', async () => {
    const { a, b, id } = await openTwo('remove')
    await a.evaluate(recordTwo)
    await b.evaluate((id) => window.store.removeConversation(id), id)
    expect(await a.evaluate(() => window.store.flush().catch(({ code }) => code))).toBe('conversation-lost')
    await expect.poll(() => a.evaluate(() => window.events.map(({ type }) => type))).toContain('conversation-lost')
    await a.reload()
    await a.evaluate(() => window.store.initConversation('shop'))
    expect(await storedRow(a, id)).toBe('removed')
    for (const tab of [a, b]) {
      expect(await tab.evaluate(() => window.store.getState().sessions.map((row) => row.conversationId))).not.toContain(
        id,
      )
    }
  })

  it('keep a chat that one began and the other resumed and left', async () => {
    const { a, b } = await openTwo('resume')
    const id = await a.evaluate(async () => {
      const conversationId = window.store.newConversation('a-third-shop')
      await window.store.flush()
      return conversationId
    })
    await b.evaluate(async () => {
      await window.store.initConversation('a-third-shop')
      window.store.newConversation()
      await window.store.flush()
    })
    await a.evaluate(async () => {
      window.store.recordMessage({ role: 'user', text: 'Hello' })
      await window.store.flush()
    })
    expect(await storedRow(a, id)).toMatchObject({ messageCount: 1 })
  })

  it('leave cleared what was cleared under them, and keep what is said afterwards', async () => {
    const { a, b, id } = await openTwo('clear')
    const devTools = await browser.devTools(b)
    await devTools.send('Storage.clearDataForOrigin', { origin: new URL(a.url()).origin, storageTypes: 'all' })
    await a.evaluate(recordTwo)
    await a.evaluate(() => window.store.flush())
    expect(await storedRow(a, id)).toMatchObject({ messageCount: 2, lastMessagePreview: 'From nine to five' })
    await seen(b, id, { messageCount: 2 })
    await a.reload()
    expect(await a.evaluate(() => window.store.initConversation('shop'))).toBe(id)
    expect(await a.evaluate(async () => (await window.stored.list('', { limit: 100 })).sessions.length)).toBe(1)
  })
})

/** The first of the two goes out at once or with the next save; the second waits for a second to pass. */
function recordTwo(): void {
  window.store.recordMessage({ role: 'user', text: 'When are you open?' })
  window.store.recordMessage({ role: 'assistant', text: 'From nine to five' })
}

function storedRow(page: Page, id: string) {
  return page.evaluate((id) => window.stored.get('', id), id)
}

async function seen(page: Page, id: string, row: { messageCount: number; title?: string }): Promise<void> {
  await expect
    .poll(() => page.evaluate((id) => window.store.getState().sessions.find((row) => row.conversationId === id), id))
    .toMatchObject(row)
}
