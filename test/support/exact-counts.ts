import { afterEach, expect, it } from 'vitest'
import type { RankedSession } from '../../src/core/session.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { createSessionStore } from '../../src/store/create-session-store.js'
import type { SessionStore } from '../../src/store/session-store.js'
import { type FakeTab, fakeBrowser } from '../../src/testing/fake-browser.js'

/** What {@link describeExactCounts} needs of an adapter. */
export interface CountedAdapter {
  readonly userId: string
  /** A handle on the storage under test, in this tab. */
  readonly open: (tab: FakeTab) => SessionAdapter
  /** Whether devices of their own share the storage, rather than tabs of one browser. */
  readonly isShared: boolean
}

/** How the calls of one page fail. */
interface Faults {
  /** `lost`: what is saved lands, but the page never hears so. */
  saves: 'work' | 'fail' | 'lost'
  /** Reading gives what was there this many changes ago. */
  readsOld: boolean
}

const message = { role: 'user', text: 'hi', usage: { input: 10, output: 1 } } as const

/** Counts stay exact, whatever answers are lost and in whichever order saves arrive. Call it in a `describe`. */
export function describeExactCounts(setUp: () => CountedAdapter): void {
  const stores: SessionStore[] = []
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.dispose()
  })

  /** Pages of devices, or tabs of one browser, which know the conversation `shared`. */
  function world() {
    const counted = setUp()
    const browser = fakeBrowser()
    const check = counted.open(browser.openTab())

    async function page(tab?: FakeTab) {
      const own = tab ?? (counted.isShared ? fakeBrowser() : browser).openTab()
      const faults: Faults = { saves: 'work', readsOld: false }
      const store = createSessionStore({
        adapter: faulty(counted.open(own), faults),
        browser: own.browser,
        userId: counted.userId,
        snapshot: false,
        openTimeoutMs: 60_000,
      })
      stores.push(store)
      await store.initConversation('w', { conversationId: 'shared', createUnknown: true })
      const say = (messageId?: string) =>
        store.recordMessage({ ...message, conversationId: 'shared', ...(messageId !== undefined && { messageId }) })
      return { store, tab: own, faults, say, trySave: () => store.flush().catch(() => {}) }
    }

    async function stored(): Promise<RankedSession> {
      const row = await check.get(counted.userId, 'shared')
      if (typeof row !== 'object') throw new Error(`The conversation is ${row}.`)
      return row
    }

    async function expectCount(messages: number): Promise<void> {
      expect(await stored()).toMatchObject({
        messageCount: messages,
        tokenUsage: { input: 10 * messages, output: messages },
      })
    }
    return { page, expectCount }
  }

  it('a page that is offline for six minutes after a lost answer counts its messages once', async () => {
    const { page, expectCount } = world()
    const [lost, other] = [await page(), await page()]
    lost.say()
    await lost.store.flush()
    lost.say()
    lost.faults.saves = 'lost'
    await lost.trySave()
    lost.faults.saves = 'fail'
    for (let second = 0; second < 360; second++) {
      other.say()
      await other.store.flush()
      if (second % 30 === 0) {
        lost.say()
        await lost.trySave()
      }
    }
    lost.faults.saves = 'work'
    await lost.store.flush()
    await expectCount(2 + 360 + 12)
  }, 60_000)

  it('five devices whose timed-out saves landed count each message once', async () => {
    const { page, expectCount } = world()
    const devices = [await page(), await page(), await page(), await page(), await page()]
    for (let round = 0; round < 12; round++) {
      for (const device of devices) {
        device.say()
        device.faults.saves = round % 3 === 2 ? 'work' : 'lost'
        await device.trySave()
      }
    }
    for (const device of devices) {
      device.faults.saves = 'work'
      await device.store.flush()
    }
    await expectCount(5 * 12)
  }, 60_000)

  it('a page that comes back after 17 saves of others counts what it had sent once', async () => {
    const { page, expectCount } = world()
    const [away, other] = [await page(), await page()]
    away.say()
    away.say('question')
    away.faults.saves = 'lost'
    await away.trySave()
    away.tab.tell('pagehide')
    for (let save = 0; save < 17; save++) {
      other.say(`m${save}`)
      await other.store.flush()
    }
    away.faults.saves = 'work'
    away.tab.tell('pageshow')
    away.say()
    await away.store.flush()
    await expectCount(3 + 17)
  })

  it('two pages that record one message count it once', async () => {
    const { page, expectCount } = world()
    const [first, second] = [await page(), await page()]
    for (let turn = 0; turn < 20; turn++) {
      for (const { say, store } of turn % 2 === 0 ? [first, second] : [second, first]) {
        say(`m${turn}`)
        say(`m${turn}.answer`)
        await store.flush()
      }
    }
    await expectCount(40)
  })

  it('a page that reads old values counts each message once', async () => {
    const { page, expectCount } = world()
    const [blind, other] = [await page(), await page()]
    blind.faults.readsOld = true
    for (let turn = 0; turn < 20; turn++) {
      blind.say()
      other.say()
      await other.store.flush()
      await blind.store.flush()
      blind.tab.tell('visible')
    }
    await expectCount(40)
  })
}

/** The adapter with faults in the test's hands. */
function faulty(real: SessionAdapter, faults: Faults): SessionAdapter {
  const old = new Map<string, unknown>()
  /** The answer of the call before, while reads are old. */
  async function read<T>(key: string, run: () => Promise<T>): Promise<T> {
    const now = await run()
    const before = old.get(key)
    old.set(key, now)
    // Of the same call, so of its type.
    return faults.readsOld && before !== undefined ? (before as T) : now
  }
  return {
    ...real,
    list: (userId, query) => read(JSON.stringify(query), () => real.list(userId, query)),
    get: (userId, conversationId) => read(conversationId, () => real.get(userId, conversationId)),
    async save(changes) {
      if (faults.saves === 'fail') throw new Error('offline')
      const refusals = await real.save(changes)
      if (faults.saves === 'lost') throw new Error('the answer was lost')
      return refusals
    },
  }
}
