import { describe, expect, it } from 'vitest'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { createSessionStore } from '../../src/store/create-session-store.js'
import type { OpenOptions, SessionStoreOptions } from '../../src/store/session-store.js'
import { deferred } from '../support/gated.js'
import { faulty, type StoreInTab, setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })
const currentOf = ({ store }: StoreInTab) => store.getState().currentConversationId

/** Locks that do not answer are waited for for 1 s, and objections on the channel for another. */
const claimMs = 5_000

describe.each(['working', 'missing', 'rejecting', 'silent'] as const)(
  'a tab is a conversation, locks %s',
  (lockMode) => {
    function start(options: Partial<SessionStoreOptions> = {}) {
      const setting = setUp(options)
      setting.browser.lockMode = lockMode
      return {
        ...setting,
        async initialize({ store }: StoreInTab, options: OpenOptions = {}): Promise<string> {
          const opened = store.initConversation('w', options)
          await setting.clock.advance(claimMs)
          return opened
        },
      }
    }

    async function begin({ openTab, initialize }: ReturnType<typeof start>) {
      const tab = openTab()
      const id = await initialize(tab)
      tab.store.recordMessage(say('hello'))
      return { tab, id }
    }

    it('keeps its conversation when it is reloaded', async () => {
      const setting = start()
      const { tab, id } = await begin(setting)
      expect(await setting.initialize(tab.reload())).toBe(id)
    })

    it('leaves it alone in a duplicate and in a tab that is opened beside it', async () => {
      const setting = start()
      const { tab, id } = await begin(setting)
      const [copy, other] = [tab.duplicate(), setting.openTab()]
      const ids = [id, await setting.initialize(copy), await setting.initialize(other)]
      expect(new Set(ids).size).toBe(3)
      expect(tab.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
    })

    it('gives it back when it crashes', async () => {
      const setting = start()
      const { tab, id } = await begin(setting)
      tab.tab.crash()
      expect(await setting.initialize(setting.openTab())).toBe(id)
    })

    it('has it alone however many tabs open at the same moment', async () => {
      const setting = start()
      const { tab, id } = await begin(setting)
      tab.tab.close()
      const tabs = Array.from({ length: 6 }, () => setting.openTab())
      const opened = tabs.map(({ store }) => store.initConversation('w'))
      await setting.clock.advance(claimMs)
      const ids = await Promise.all(opened)
      expect(new Set(ids).size).toBe(6)
      expect(ids).toContain(id)
    })

    it('watches where a link asks for a conversation that is open', async () => {
      const setting = start()
      const { tab, id } = await begin(setting)
      const other = setting.openTab()
      expect(await setting.initialize(other, { conversationId: id })).toBe(id)
      expect(other.store.getState()).toMatchObject({
        status: 'watching',
        currentConversationId: id,
        sessions: [{ messageCount: 1 }],
      })
      expect(tab.store.getState().status).toBe('ready')
      expect([tab.events, other.events]).toEqual([[], []])
    })

    it('begins a new one where a link asks for a conversation that is open, if the app says so', async () => {
      const setting = start({ whenOpenElsewhere: 'new' })
      const { id } = await begin(setting)
      const other = setting.openTab()
      const fresh = await setting.initialize(other, { conversationId: id })
      expect(fresh).not.toBe(id)
      expect(other.events).toEqual([
        { type: 'conversation-redirected', conversationId: fresh, from: id, reason: 'open-elsewhere' },
      ])
    })

    it('watches one that is open after a switch to it, and has it once it is free', async () => {
      const setting = start()
      const { tab, id } = await begin(setting)
      const other = setting.openTab()
      await setting.initialize(other)
      const switched = other.store.switchConversation(id)
      await setting.clock.advance(claimMs)
      expect(await switched).toEqual({ ok: true })
      expect(other.store.getState()).toMatchObject({ status: 'watching', currentConversationId: id })
      tab.tab.close()
      await setting.clock.advance(claimMs)
      expect(other.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
    })

    it('refuses to switch to one that is open if the app says so, and switches once it is not', async () => {
      const setting = start({ whenOpenElsewhere: 'new' })
      const { tab, id } = await begin(setting)
      const other = setting.openTab()
      await setting.initialize(other)
      const refused = other.store.switchConversation(id)
      await setting.clock.advance(claimMs)
      expect(await refused).toEqual({ ok: false, reason: 'open-elsewhere' })
      tab.tab.crash()
      const done = other.store.switchConversation(id)
      await setting.clock.advance(claimMs)
      expect(await done).toEqual({ ok: true })
      expect(currentOf(other)).toBe(id)
    })
  },
)

describe('claims', () => {
  it('keep a reloading tab’s conversation for it while another tab opens', async () => {
    const { openTab, clock, settle } = setUp()
    const a = openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('hello'))
    await settle()
    const again = a.reload() // its script is a second late
    const b = openTab()
    const other = b.store.initConversation('w')
    await clock.advance(1_000)
    expect(await other).toBe(id) // whose tab may have been closed for good
    expect(await again.store.initConversation('w')).toBe(id)
    await clock.advance(1_000)
    expect(again.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
    expect(b.store.getState()).toMatchObject({ status: 'ready', currentWorkspace: 'w' })
    expect(currentOf(b)).not.toBe(id)
    expect([again.events, b.events]).toEqual([[], []])
  })

  it('go back to a tab that was slow to reload, also from one that has not opened it yet', async () => {
    const adapter = memoryAdapter()
    const { openTab, clock, settle } = setUp({ adapter })
    const tab = openTab()
    const id = await tab.store.initConversation('w')
    tab.store.recordMessage(say('hello'))
    await settle()
    const reloaded = tab.reload()
    const rows = deferred()
    const other = openTab({ adapter: { ...adapter, get: (...of) => rows.p.then(() => adapter.get(...of)) } })
    const opening = other.store.initConversation('w')
    await clock.advance(2_500) // as long as the page that left has to come back
    expect(other.store.getState().status).toBe('opening')
    const opened = reloaded.store.initConversation('w')
    await settle()
    rows.open()
    await opening
    await clock.advance(claimMs)
    expect(await opened).toBe(id)
    expect(reloaded.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
    expect(other.store.getState().status).toBe('ready')
    expect(currentOf(other)).not.toBe(id)
  })

  it('stay with each of twelve tabs that reload at once', async () => {
    const { openTab, clock, initialize } = setUp({ resume: 'new' })
    const tabs = Array.from({ length: 12 }, () => openTab())
    const ids: string[] = []
    for (const tab of tabs) {
      ids.push(await initialize(tab))
      tab.store.recordMessage(say('hello'))
      await clock.advance(10)
    }
    const again = tabs.map((tab) => tab.reload())
    expect(await Promise.all(again.map((tab) => initialize(tab)))).toEqual(ids)
  })

  it('are given back to a page that reloads, also by a tab that hears of its lock only afterwards', async () => {
    const { clock, browser, openTab, initialize } = setUp()
    const first = openTab()
    const id = await initialize(first)
    first.store.recordMessage(say('hello'))
    await first.store.flush()
    const page = first.tab.reload()
    await clock.advance(300)

    const lateTab = browser.openTab()
    const locks = lateTab.browser.locks()
    if (!locks) throw new Error('Locks work here.')
    const heardLate: typeof locks.request = (name, options, granted) =>
      locks.request(name, options, async (lock) => {
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 600))
        return granted(lock)
      })
    const late = createSessionStore({
      clock,
      createId: () => 'late',
      browser: { ...lateTab.browser, locks: () => ({ query: () => locks.query(), request: heardLate }) },
      adapter: localStorageAdapter({ ...lateTab, now: clock.now }),
    })
    const opening = late.initConversation('w')
    await clock.advance(100)
    const back = createSessionStore({
      clock,
      browser: page.browser,
      adapter: localStorageAdapter({ ...page, now: clock.now }),
    })
    const opened = back.initConversation('w')
    await clock.advance(5_000)
    expect(await opened).toBe(id)
    expect(await opening).not.toBe('')
    expect(back.stateOf('w')).toMatchObject({ conversationId: id, status: 'ready' })
    expect(late.stateOf('w')).toMatchObject({ conversationId: 'late', status: 'ready' })
  })

  it('are given back at once for a conversation the tab leaves, and what is unsaved still counts', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, settle, clock } = setUp({ adapter })
    const [a, b] = [openTab(), openTab()]
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('one'))
    await settle()
    fault.error = new Error('down')
    a.store.recordMessage(say('two'))
    await clock.advance(1_000)
    a.store.newConversation()
    fault.error = undefined
    await b.store.initConversation('other')
    expect(await b.store.switchConversation(id)).toEqual({ ok: true })
    expect(b.store.getState().status).toBe('ready')
    b.store.recordMessage(say('three'))
    await clock.advance(60_000)
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 3, lastMessagePreview: 'three' })
    expect(b.store.getState().sessions).toContainEqual(expect.objectContaining({ conversationId: id, messageCount: 3 }))
  })

  it('stay with the conversation of a workspace while the tab is in another', async () => {
    const { openTab, settle } = setUp()
    const [a, b] = [openTab(), openTab()]
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('one'))
    await settle()
    await a.store.initConversation('other')
    expect(await b.store.initConversation('w')).not.toBe(id)
    expect(await a.store.initConversation('w')).toBe(id)
  })

  it('show which conversations are open elsewhere', async () => {
    const { openTab, settle } = setUp()
    const [a, b] = [openTab(), openTab()]
    const id = await a.store.initConversation('w')
    const other = await b.store.initConversation('w')
    await settle()
    expect(b.store.getState().openElsewhere).toEqual([id])
    expect(a.store.getState().openElsewhere).toEqual([other])
    a.tab.close()
    await settle()
    expect(b.store.getState().openElsewhere).toEqual([])
  })

  it('do not keep a conversation that another tab removes', async () => {
    const { openTab, settle } = setUp()
    const [a, b] = [openTab(), openTab()]
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('one'))
    await settle()
    await b.store.initConversation('w')
    await b.store.removeConversation(id)
    await settle()
    expect(currentOf(a)).not.toBe(id)
    expect(a.events).toEqual([{ type: 'conversation-lost', conversationId: id, reason: 'removed' }])
  })
})

describe('claims without locks', () => {
  it('go to the tab that asked first, also while it waits for an answer', async () => {
    for (const order of ['abc', 'cba']) {
      let ids = 0
      const { openTab, clock, browser } = setUp({ createId: () => `${order[ids++ % 3]}-${ids}` })
      browser.lockMode = 'missing'
      const [a, b] = [openTab(), openTab()]
      const first = a.store.newConversation('w')
      a.store.recordMessage(say('hello'))
      await clock.advance(10)
      const opened = b.store.initConversation('w')
      await clock.advance(2_000)
      expect(await opened).not.toBe(first)
      expect(a.store.getState()).toMatchObject({ status: 'ready', currentConversationId: first })
    }
  })
})
