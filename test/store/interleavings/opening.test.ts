import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../../src/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../../src/core/session-adapter.js'
import { deferred, type Gate, gated } from '../../support/gated.js'
import { changeTo, session } from '../../support/session.js'
import { faulty, setUp } from '../../support/tabs.js'

const name = 'claude-session-storage'
const say = (text: string) => ({ role: 'user' as const, text })

describe('opening', () => {
  it.each([
    ['whose list was read before', 'list', 2],
    ['whose row was read before', 'get', 2],
    // What had been saved in the row went with it.
    ['whose save was answered late', 'save', 1],
  ] as const)(
    'beside a clear in another tab of an account, %s, keeps what is said afterwards',
    async (_, verb, kept) => {
      const { subscribe: _subscribe, epochOf: _epochOf, forget: _forget, ...memory } = memoryAdapter()
      const account: SessionAdapter = { ...memory, place: 'account', durability: 'committed' }
      await account.save([changeTo(session({ conversationId: 'old', workspace: 'w', messageCount: 1 }))])
      const gate: Gate = {}
      const { openTab, settle, clock } = setUp({ adapter: account, snapshot: false })
      const clearing = openTab()
      await clearing.store.initConversation('other')
      await settle()
      const opening = openTab({ adapter: gated(account, gate) })
      const answer = deferred()
      gate[verb] = answer.p
      const opened = opening.store.initConversation('w')
      opening.store.recordMessage(say('while it opens'))
      await settle()
      await clearing.store.clearWorkspaceConversation('w')
      answer.open()
      await opened
      await clock.advance(5_000)
      opening.store.recordMessage(say('afterwards'))
      await clock.advance(5_000)
      expect(await account.get('', 'old')).toBe('removed')
      const { sessions, currentConversationId } = opening.store.getState()
      const stored = (await account.list('', { workspace: 'w', limit: 9 })).sessions
      expect(stored).toMatchObject([{ conversationId: currentConversationId, lastMessagePreview: 'afterwards' }])
      expect(sessions.map(({ conversationId }) => conversationId)).toEqual([currentConversationId])
      expect(stored[0]?.messageCount).toBe(kept)
      await Promise.all([opening.store.dispose(), clearing.store.dispose()])
    },
  )

  it('a reload asks for its claim before it reads, and shows the history before a slow lock answers', async () => {
    const { adapter, calls } = faulty(memoryAdapter())
    const { browser, openTab, settle, clock } = setUp({ adapter, snapshot: false })
    const before = openTab()
    const id = await before.store.initConversation('w')
    before.store.recordMessage(say('hello'))
    await before.store.flush()
    await clock.advance(2_000)
    browser.lockMode = 'silent'
    const { store } = before.reload()
    calls.listed = 0
    const opened = store.initConversation('w')
    await settle()
    expect(calls.listed).toBe(0)
    await clock.advance(250)
    expect(calls.listed).toBe(1)
    expect(store.getState()).toMatchObject({ status: 'opening', sessions: [{ conversationId: id }] })
    await clock.advance(2_000)
    expect(await opened).toBe(id)
    await store.dispose()
  })

  it('a switch that finds nothing does not cancel the opening', async () => {
    const real = memoryAdapter()
    const gate: Gate = {}
    const { openTab, settle } = setUp({ adapter: gated(real, gate), snapshot: false })
    const { store } = openTab()
    const d = deferred()
    gate.list = d.p
    const opening = store.initConversation('w')
    await settle()
    expect(await store.switchConversation('nowhere')).toEqual({ ok: false, reason: 'not-found' })
    d.open()
    const id = await opening
    await settle()
    expect(store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
  })

  it('a switch that waits for its claim asks nothing of storage once the store is disposed', async () => {
    const memory = memoryAdapter()
    let reads = 0
    const counted: SessionAdapter = {
      ...memory,
      get: (...request) => {
        reads++
        return memory.get(...request)
      },
    }
    const { browser, openTab, settle } = setUp({ adapter: counted, snapshot: false })
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    browser.lockMode = 'silent'
    const switched = store.switchConversation('c1')
    await settle()
    const before = reads
    await store.dispose()
    expect(await switched).toEqual({ ok: false, reason: 'not-found' })
    expect(reads).toBe(before)
  })

  it('the last of two switches wins', async () => {
    const real = memoryAdapter()
    const gates: Record<string, Promise<void>> = {}
    const adapter: SessionAdapter = {
      ...real,
      list: async () => ({ sessions: [] }),
      get: async (u, id) => {
        await gates[id]
        return real.get(u, id)
      },
    }
    const row = (conversationId: string) => changeTo(session({ conversationId, lastActivity: 2, messageCount: 1 }))
    await real.save([row('x'), row('y')])
    const { openTab, settle } = setUp({ adapter, snapshot: false })
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    const dx = deferred(),
      dy = deferred()
    gates.x = dx.p
    gates.y = dy.p
    const sx = store.switchConversation('x')
    const sy = store.switchConversation('y')
    dx.open()
    await sx
    await settle()
    dy.open()
    await sy
    await settle()
    expect(store.getState().currentConversationId).toBe('y')
  })

  it('a message for an opening that was superseded is not lost', async () => {
    const { openTab, clock } = setUp({ adapter: memoryAdapter(), snapshot: false })
    const { store, events } = openTab()
    const a = store.initConversation('a').then((id) => {
      store.recordMessage({ ...say('x'), conversationId: id })
      return id
    })
    await store.initConversation('b')
    const id = await a
    await clock.advance(2000)
    expect.soft(events).toEqual([])
    expect(store.getState().sessions).toMatchObject([{ conversationId: id, messageCount: 1 }])
  })

  it('a superseded opening does not take the pointer from a conversation begun since', async () => {
    const real = memoryAdapter()
    await real.save([changeTo(session({ conversationId: 'old', workspace: 'a', lastActivity: 2, messageCount: 1 }))])
    let wait: Promise<void> | undefined
    const adapter: SessionAdapter = {
      ...real,
      list: async (u, q) => {
        const r = await real.list(u, q)
        if (q.workspace === 'a') await wait
        return r
      },
    }
    const { openTab, settle, clock } = setUp({ adapter, snapshot: false })
    const { store } = openTab()
    const d = deferred()
    wait = d.p
    const opening = store.initConversation('a')
    await settle()
    const begun = store.newConversation('a')
    store.recordMessage(say('mine'))
    await settle()
    await store.initConversation('b')
    wait = undefined
    d.open()
    await opening
    await clock.advance(2000)
    expect(await store.initConversation('a')).toBe(begun)
  })

  it('switching to the conversation that is current changes nothing', async () => {
    const { openTab } = setUp()
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('x'))
    const before = store.getState().isResumed
    await store.switchConversation(id)
    expect(store.getState().isResumed).toBe(before)
  })
})

describe('snapshot', () => {
  it('disposing a store that never opened writes nothing', async () => {
    const { openTab, browser } = setUp()
    const { store } = openTab()
    await store.dispose()
    expect(browser.localStorage.length).toBe(0)
  })
  it('does not empty the snapshot of another store', async () => {
    const { openTab, browser, settle } = setUp()
    const a = openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('x'))
    await settle()
    await openTab({ userId: null }).store.dispose()
    expect(JSON.parse(browser.localStorage.getItem(name) ?? '').currentConversationId).toBe(id)
  })
  it('a page left while it opens does not empty the snapshot', async () => {
    const { openTab, browser, settle } = setUp()
    const a = openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('x'))
    await settle()
    const b = a.reload()
    void b.store.initConversation('w')
    b.tab.tell('pagehide')
    expect(JSON.parse(browser.localStorage.getItem(name) ?? '').currentConversationId).toBe(id)
  })
})
