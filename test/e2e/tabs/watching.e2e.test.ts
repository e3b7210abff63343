import { beforeAll, describe, expect, it } from 'vitest'
import { type StorageBrowser, startStorageBrowser } from '../storage/storage-browser.js'
import { eventTypes, followLink, openShop, placeOf, say } from './shop.js'

let browser: StorageBrowser

beforeAll(async () => {
  browser = await startStorageBrowser()
  return () => browser.end()
})

describe.each(['localStorage', 'dexie'] as const)('a link to what another tab has open, %s', (adapter) => {
  async function openBoth(origin: string) {
    const [a, b] = [
      await browser.open(`${origin}-${adapter}`, adapter),
      await browser.open(`${origin}-${adapter}`, adapter),
    ]
    const id = await openShop(a)
    await say(a, 'Hello')
    expect(await followLink(b, id)).toBe(id)
    return {
      a,
      b,
      id,
      watching: { status: 'watching', conversationId: id },
      ready: { status: 'ready', conversationId: id },
    }
  }

  it('is watched, and says when to read its messages again', async () => {
    const { a, b, id, watching } = await openBoth('follow')
    expect(await placeOf(b)).toEqual(watching)
    await say(a, 'One more')
    await expect.poll(() => eventTypes(b)).toContain('conversation-changed')
    const shown = await b.evaluate(() => window.store.getState().sessions)
    expect(shown).toMatchObject([{ conversationId: id, messageCount: 2 }])
    expect(await eventTypes(b)).not.toContain('conversation-redirected')
    await Promise.all([a.close(), b.close()])
  })

  it("becomes this tab's once the other one closes", async () => {
    const { a, b, ready } = await openBoth('close')
    await a.close()
    await expect.poll(() => placeOf(b)).toEqual(ready)
    await b.close()
  })

  it('is taken over, and taken back, as often as a person asks', async () => {
    const { a, b, ready, watching } = await openBoth('take')
    for (const [taker, other] of [
      [b, a],
      [a, b],
      [b, a],
    ] as const) {
      expect(await taker.evaluate(() => window.store.takeOver())).toBe(true)
      expect(await placeOf(taker)).toEqual(ready)
      await expect.poll(() => placeOf(other)).toEqual(watching)
    }
    for (const [tab, times] of [
      [a, 2],
      [b, 1],
    ] as const) {
      expect((await eventTypes(tab)).filter((type) => type === 'taken-over')).toHaveLength(times)
    }
    await Promise.all([a.close(), b.close()])
  })

  it('takes what was recorded while it was only watched', async () => {
    const { a, b, id } = await openBoth('both')
    await Promise.all([say(a, 'From the one'), say(b, 'From the other')])
    const counted = (tab: typeof a) =>
      tab.evaluate(async (id) => {
        const row = await window.stored.get('', id)
        return typeof row === 'object' ? row.messageCount : row
      }, id)
    await expect.poll(() => counted(a)).toBe(3)
    await expect.poll(() => counted(b)).toBe(3)
    await Promise.all([a.close(), b.close()])
  })
})
