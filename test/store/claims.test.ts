import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { faulty, type StoreInTab, setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })
const currentOf = ({ store }: StoreInTab) => store.getState().currentConversationId
const typesOf = ({ events }: StoreInTab) => events.map(({ type }) => type)

describe.each(['working', 'missing', 'rejecting', 'silent'] as const)(
  'a tab is a conversation, locks %s',
  (lockMode) => {
    function start() {
      const setting = setUp()
      setting.browser.lockMode = lockMode
      return setting
    }

    async function begin({ openTab, initialize }: ReturnType<typeof setUp>) {
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
      await setting.clock.advance(2_500)
      const ids = await Promise.all(opened)
      expect(new Set(ids).size).toBe(6)
      expect(ids).toContain(id)
    })

    it('moves on where a link asks for a conversation that is open', async () => {
      const setting = start()
      const { id } = await begin(setting)
      const other = setting.openTab()
      const opened = other.store.initConversation('w', { conversationId: id })
      await setting.clock.advance(2_000)
      const moved = await opened
      expect(moved).not.toBe(id)
      expect(other.events).toEqual([{ type: 'conversation-redirected', conversationId: moved, from: id, reason: 'open-elsewhere' }])
    })

    it('refuses to switch to one that is open, and switches once it is not', async () => {
      const setting = start()
      const { tab, id } = await begin(setting)
      const other = setting.openTab()
      await setting.initialize(other)
      const refused = other.store.switchConversation(id)
      await setting.clock.advance(2_000)
      expect(await refused).toEqual({ ok: false, reason: 'open-elsewhere' })
      tab.tab.crash()
      const done = other.store.switchConversation(id)
      await setting.clock.advance(2_000)
      expect(await done).toEqual({ ok: true })
      expect(currentOf(other)).toBe(id)
    })
  },
)

describe('claims', () => {
  it('let the page that reloads come back before a tab that opens meanwhile', async () => {
    const { openTab, clock, settle } = setUp()
    const a = openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('hello'))
    await settle()
    const again = a.reload() // its script is a second late
    const b = openTab()
    const other = b.store.initConversation('w')
    await clock.advance(1_000)
    expect(await again.store.initConversation('w')).toBe(id)
    await clock.advance(1_000)
    expect(await other).not.toBe(id)
  })

  it('of two tabs with the last three conversations stay with each tab that used them', async () => {
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

  it('are given back for a conversation the tab leaves, once it is saved', async () => {
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
    expect(await b.store.switchConversation(id)).toEqual({ ok: false, reason: 'open-elsewhere' })
    await clock.advance(60_000)
    expect(await b.store.switchConversation(id)).toEqual({ ok: true })
    expect(b.store.getState().sessions).toContainEqual(expect.objectContaining({ conversationId: id, messageCount: 2 }))
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

  it('do not keep what another tab removed from going', async () => {
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

  it('keep a row that is old but open from being removed for its age', async () => {
    const adapter = memoryAdapter()
    const { openTab, clock, settle } = setUp({ adapter, retentionDays: 1 })
    const a = openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('one'))
    await clock.advance(3 * 24 * 60 * 60 * 1_000)
    await openTab().store.initConversation('w')
    await settle()
    expect(await adapter.get('', id)).toBeDefined()
    a.tab.crash()
    await openTab().store.initConversation('elsewhere')
    await settle()
    expect(await adapter.get('', id)).toBeUndefined()
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

describe('a page that comes back from the back/forward cache', () => {
  async function away() {
    const setting = setUp()
    const a = setting.openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('one'))
    await setting.settle()
    a.tab.tell('pagehide')
    await setting.clock.advance(5_000)
    return { ...setting, a, id }
  }

  it('has its conversation again, with what was said in it meanwhile', async () => {
    const { a, id, openTab, settle, clock } = await away()
    const b = openTab()
    expect(await b.store.initConversation('w')).toBe(id)
    b.store.recordMessage(say('two'))
    await settle()
    b.tab.close()
    await settle()
    a.tab.tell('pageshow')
    await clock.advance(1_000)
    expect(a.store.getState()).toMatchObject({
      status: 'ready',
      currentConversationId: id,
      sessions: [{ messageCount: 2 }],
    })
    expect(typesOf(a)).toContain('conversation-changed')
  })

  it('says that another tab has it, saves nothing more of it, and goes on when the app opens it again', async () => {
    const { a, id, openTab, clock, browser } = await away()
    const b = openTab()
    expect(await b.store.initConversation('w')).toBe(id)
    a.tab.tell('pageshow')
    await clock.advance(1_000)
    expect(a.store.getState()).toMatchObject({ status: 'lost', currentConversationId: id })
    expect(a.events).toContainEqual({ type: 'conversation-lost', conversationId: id, reason: 'open-elsewhere' })
    const row = () => browser.localStorage.getItem(`claude-session-storage/row//w/${id}`)
    const before = row()
    a.store.recordMessage(say('said while lost'))
    await clock.advance(10_000)
    expect(row()).toBe(before)
    b.tab.close()
    await a.store.initConversation('w', { conversationId: id })
    await clock.advance(10_000)
    expect(a.store.getState()).toMatchObject({ status: 'ready', sessions: [{ messageCount: 2 }] })
    expect(row()).toContain('"messageCount":2')
  })

  it('moves on by itself if nobody sees it', async () => {
    const { a, id, openTab, clock } = await away()
    await openTab().store.initConversation('w')
    a.tab.tell('hidden')
    a.tab.tell('pageshow')
    await clock.advance(1_000)
    const now = currentOf(a)
    expect(now).not.toBe(id)
    expect(a.events).toContainEqual({ type: 'conversation-redirected', conversationId: now, from: id, reason: 'open-elsewhere' })
  })

  it('lets a new conversation be begun after it was lost, and saves what was said meanwhile', async () => {
    const { a, id, openTab, clock } = await away()
    const b = openTab()
    await b.store.initConversation('w')
    a.tab.tell('pageshow')
    await clock.advance(1_000)
    a.store.recordMessage(say('said while lost'))
    a.store.newConversation()
    await clock.advance(10_000)
    expect(a.store.getState().status).toBe('ready')
    expect(b.store.getState().sessions).toContainEqual(expect.objectContaining({ conversationId: id, messageCount: 2 }))
    expect(typesOf(b)).toContain('conversation-changed')
  })
})

describe('users', () => {
  it('opens nothing until the user is known', async () => {
    const { openTab } = setUp({ userId: null })
    const { store } = openTab()
    await expect(store.initConversation('w')).rejects.toMatchObject({ code: 'no-user' })
    await store.setUser('ada')
    expect(store.getState()).toMatchObject({ userId: 'ada', status: 'idle' })
    expect(await store.initConversation('w')).toBe(store.getState().currentConversationId)
  })

  it('shows and sends nothing of a user whose session expired as the next one’s, and has it all when they return', async () => {
    const adapter = memoryAdapter()
    const { adapter: failing, fault } = faulty(adapter)
    const { openTab, settle, clock } = setUp({ adapter: failing, userId: 'ada' })
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('mine'))
    await settle()
    fault.error = new Error('down')
    store.recordMessage(say('not saved yet'))
    const left = store.setUser(null)
    expect(store.getState()).toMatchObject({ userId: undefined, sessions: [], currentConversationId: undefined })
    await left
    fault.error = undefined
    await store.setUser('bob')
    expect(await store.initConversation('w')).not.toBe(id)
    await clock.advance(60_000)
    expect(store.getState().sessions).toEqual([])
    expect(await adapter.list('bob', { limit: 10 })).toEqual([])
    await store.setUser('ada')
    expect(await store.initConversation('w')).toBe(id)
  })

  it('signs out in every tab: nothing of the user is left on the device or shown', async () => {
    const { openTab, settle, browser } = setUp({ userId: 'ada' })
    const [a, b] = [openTab(), openTab()]
    for (const { store } of [a, b]) {
      await store.initConversation('w')
      store.recordMessage(say('secret'))
      store.renameConversation(store.getState().currentConversationId ?? '', 'Secret')
    }
    await settle()
    await a.store.signOut()
    await settle()
    for (const { store } of [a, b]) {
      expect(store.getState()).toMatchObject({ userId: undefined, sessions: [], currentConversationId: undefined })
    }
    for (const storage of [browser.localStorage, a.tab.sessionStorage, b.tab.sessionStorage]) {
      const all = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
      expect(all.filter((key) => `${key}${storage.getItem(key)}`.match(/ada|secret/i))).toEqual([])
    }
  })

  it('lets a tab that did not hear of it write nothing back', async () => {
    const { openTab, settle, browser, clock } = setUp({ userId: 'ada' })
    const [a, b] = [openTab(), openTab()]
    await a.store.initConversation('w')
    await b.store.initConversation('w')
    b.store.recordMessage(say('one'))
    await settle()
    const deaf = b.tab.tell('pagehide') // frozen in the back/forward cache: no message reaches it
    expect(deaf).toBeUndefined()
    await a.store.signOut()
    b.store.recordMessage(say('two'))
    await clock.advance(5_000)
    const keys = () => Array.from({ length: browser.localStorage.length }, (_, i) => browser.localStorage.key(i) ?? '')
    expect(keys().filter((key) => key.includes('ada'))).toEqual([])
    b.tab.tell('pageshow')
    await settle()
    expect(b.store.getState()).toMatchObject({ userId: undefined, sessions: [] })
  })

  it('begins anew where it was in an app without users', async () => {
    const { openTab, settle } = setUp()
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('mine'))
    await settle()
    await store.signOut()
    await settle()
    expect(store.getState()).toMatchObject({ currentWorkspace: 'w', sessions: [], status: 'ready' })
    expect(store.getState().currentConversationId).not.toBe(id)
  })
})
