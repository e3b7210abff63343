import { beforeAll, describe, expect, it } from 'vitest'
import type {} from '../e2e/storage/storage-page.js'
import type { Engine, EnginePage } from './engine.js'

const isSoak = process.env.LEFTOFF_SOAK !== undefined
const counts = isSoak ? { reloads: 100, copies: 100, rounds: 25 } : { reloads: 5, copies: 3, rounds: 2 }

/** Opens the shop in the page's tab: the conversation it has from then on. */
const openShop = (page: EnginePage): Promise<string> => page.evaluate(() => window.store.initConversation('shop'))

async function sayHello(page: EnginePage): Promise<void> {
  await page.evaluate(async () => {
    window.store.recordMessage({ role: 'user', text: 'Hello' })
    await window.store.flush()
  })
}

const stateOf = (page: EnginePage) =>
  page.evaluate(() => {
    const { status, currentConversationId, openElsewhere, sessions } = window.store.getState()
    return { status, currentConversationId, openElsewhere, messageCounts: sessions.map((row) => row.messageCount) }
  })

async function poll<T>(read: () => Promise<T>, isReached: (value: T) => boolean): Promise<T> {
  return expect.poll(read, { timeout: 10_000 }).toSatisfy(isReached).then(read)
}

/** What holds in every engine: each project that drives one runs these. */
export function tabCases(start: () => Promise<Engine>): void {
  let engine: Engine

  beforeAll(async () => {
    engine = await start()
    return () => engine.end()
  })

  describe.each(['working', 'missing', 'rejecting'] as const)('a tab is a conversation, locks %s', (mode) => {
    const open = (origin: string) => engine.open(`${mode}-${origin}`, { locks: mode })

    it('keeps its conversation through reloads, and a copy of the tab never has it', async () => {
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
        // With an opener, so that the browser copies sessionStorage as it does when a person duplicates the tab.
        const copy = await engine.opened(page, () => void window.open(location.href))
        const theirs = await openShop(copy)
        expect((await stateOf(copy)).currentConversationId).toBe(theirs) // settled once it resolves
        copied.add(theirs)
        await copy.close()
      }
      expect(copied.size).toBe(counts.copies + 1)
      expect((await stateOf(page)).currentConversationId).toBe(id)
      await page.close()
    })

    it('leaves it alone in a tab beside it, and gives it back when it closes', async () => {
      const [a, b] = [await open('beside'), await open('beside')]
      const id = await openShop(a)
      await sayHello(a)
      const other = await openShop(b)
      expect(other).not.toBe(id)
      await a.close()
      const c = await open('beside')
      expect(await openShop(c)).toBe(id)
      expect((await stateOf(b)).currentConversationId).toBe(other)
      await Promise.all([b.close(), c.close()])
    })

    it('has it alone when ten tabs open at the same moment', async () => {
      for (let round = 0; round < counts.rounds; round++) {
        const origin = `many-${round}`
        const first = await open(origin)
        await openShop(first)
        await sayHello(first)
        for (let count = 1; count < 5; count++) {
          await first.evaluate(() => void window.store.newConversation('shop'))
          await sayHello(first)
        }
        await first.close()
        const tabs = await Promise.all(Array.from({ length: 10 }, () => open(origin)))
        const ids = await Promise.all(tabs.map(openShop))
        expect(new Set(ids).size).toBe(10)
        await Promise.all(tabs.map((tab) => tab.close()))
      }
    })
  })

  describe.each(['localStorage', 'dexie'] as const)('with %s', (adapter) => {
    it('resumes the newest conversation after the browser was closed completely', async () => {
      const page = await engine.open(`closed-${adapter}`, { adapter })
      const id = await openShop(page)
      await sayHello(page)
      await engine.close()
      const again = await engine.open(`closed-${adapter}`, { adapter })
      expect(await openShop(again)).toBe(id)
      expect((await stateOf(again)).messageCounts).toEqual([1])
      await again.close()
    })

    it('keeps every session of four tabs that write at once, and each shows what the others do', async () => {
      const tabs = await Promise.all(Array.from({ length: 4 }, () => engine.open(`many-${adapter}`, { adapter })))
      await Promise.all(tabs.map(openShop))
      await Promise.all(
        tabs.map((tab) =>
          tab.evaluate(async () => {
            for (let count = 0; count < 10; count++) {
              window.store.newConversation('shop')
              window.store.recordMessage({ role: 'user', text: 'Hello' })
            }
            await window.store.flush()
          }),
        ),
      )
      for (const tab of tabs) {
        expect(await tab.evaluate(async () => (await window.stored.list('', { limit: 100 })).sessions.length)).toBe(40)
        await poll(
          () => stateOf(tab),
          ({ messageCounts }) => messageCounts.length === 40,
        )
        await tab.close()
      }
    })

    it('takes what a page that goes away had not saved to the next one', async () => {
      const page = await engine.open(`leaving-${adapter}`, { adapter })
      const id = await openShop(page)
      await sayHello(page)
      await page.evaluate(() => {
        for (let count = 0; count < 4; count++) window.store.recordMessage({ role: 'user', text: 'One more' })
      })
      await page.reload()
      expect(await openShop(page)).toBe(id)
      await page.evaluate(() => window.store.flush())
      const { sessions: rows } = await page.evaluate(() => window.stored.list('', { limit: 10 }))
      expect(rows.map(({ messageCount }) => messageCount)).toEqual([5])
      await page.close()
    })

    it('signs out in every tab, and leaves nothing of the user', async () => {
      const [a, b] = [
        await engine.open(`sign-out-${adapter}`, { adapter }),
        await engine.open(`sign-out-${adapter}`, { adapter }),
      ]
      for (const tab of [a, b]) {
        await tab.evaluate(() => window.store.setUser('ada'))
        await openShop(tab)
        await sayHello(tab)
      }
      await a.evaluate(() => window.store.signOut())
      await poll(
        () => stateOf(b),
        ({ currentConversationId, messageCounts }) => currentConversationId === undefined && messageCounts.length === 0,
      )
      for (const tab of [a, b]) {
        const left = await tab.evaluate(() =>
          [localStorage, sessionStorage].flatMap((storage) =>
            Object.entries(storage).filter((entry) => /ada|Hello/.test(entry.join())),
          ),
        )
        expect(left).toEqual([])
        expect(await tab.evaluate(async () => (await window.stored.list('ada', { limit: 10 })).sessions)).toEqual([])
        await tab.close()
      }
    })
  })

  it('goes back to a page with its conversation, whether the browser kept the page or not', async () => {
    const page = await engine.open('back')
    const id = await openShop(page)
    await sayHello(page)
    await page.goto((await page.url()).replace('back.', 'elsewhere.'))
    await page.goBack()
    expect(await openShop(page)).toBe(id)
    await poll(
      () => stateOf(page),
      ({ status, messageCounts }) => status === 'ready' && messageCounts[0] === 1,
    )
    await page.close()
  })
}
