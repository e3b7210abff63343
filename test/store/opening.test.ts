import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { changeTo } from '../support/session.js'
import { faulty, setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })

describe('opening a workspace', () => {
  it('touches nothing before the first action', () => {
    const { browser, openTab } = setUp()
    openTab()
    expect(browser.localStorage.length).toBe(0)
  })

  it('creates a conversation on the first visit, and stores no row of it until it is used', async () => {
    const { keys, openTab } = setUp()
    const { store } = openTab()
    const id = await store.initConversation('w')
    expect(store.getState()).toMatchObject({
      status: 'ready',
      currentConversationId: id,
      currentWorkspace: 'w',
      isResumed: false,
      sessions: [],
    })
    expect(keys('/part/')).toEqual([])
  })

  it('changes nothing when called again, and shares one run between calls at once', async () => {
    const { openTab } = setUp()
    const { store } = openTab()
    const ids = await Promise.all([store.initConversation('w'), store.initConversation('w')])
    expect(await store.initConversation('w')).toBe(ids[0])
    expect(ids[1]).toBe(ids[0])
  })

  it('resumes after a reload', async () => {
    const { openTab } = setUp()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('hello'))
    const again = first.reload()
    expect(await again.store.initConversation('w')).toBe(id)
    expect(again.store.getState()).toMatchObject({ isResumed: true, sessions: [{ messageCount: 1 }] })
  })

  it('keeps the id of a conversation that was never used through a reload', async () => {
    const { openTab } = setUp()
    const first = openTab()
    const id = await first.store.initConversation('w')
    const again = first.reload()
    expect(await again.store.initConversation('w')).toBe(id)
    expect(again.store.getState()).toMatchObject({ isResumed: false, sessions: [] })
  })

  it('resumes this tab’s own conversation after a reload, not the newest', async () => {
    const { openTab, clock, settle } = setUp({ resume: 'new' })
    const [older, newer] = [openTab(), openTab()]
    const id = await older.store.initConversation('w')
    older.store.recordMessage(say('older'))
    await settle()
    await clock.advance(1_000)
    await newer.store.initConversation('w')
    newer.store.recordMessage(say('newer'))
    await settle()
    expect(await older.reload().store.initConversation('w')).toBe(id)
  })

  it('continues the newest conversation in a tab that had none', async () => {
    const { openTab, clock, initialize } = setUp()
    const { store, tab } = openTab()
    await store.initConversation('w')
    store.recordMessage(say('one'))
    await clock.advance(2_000)
    const newest = store.newConversation()
    store.recordMessage(say('two'))
    await clock.advance(2_000)
    tab.close()
    expect(await initialize(openTab())).toBe(newest)
  })

  it('shows the history while it still asks whether the newest conversation is open elsewhere', async () => {
    const { browser, clock, openTab, initialize } = setUp()
    const { store, tab } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    tab.close()
    await clock.advance(2_000)
    browser.lockMode = 'silent'
    const next = openTab()
    const opening = initialize(next)
    await clock.advance(0)
    expect(next.store.getState()).toMatchObject({ status: 'opening', sessions: [{ conversationId: id }] })
    expect(await opening).toBe(id)
  })

  it('shows what the last holder saved after the history was listed', async () => {
    const adapter = memoryAdapter()
    const { clock, openTab } = setUp()
    const { store } = openTab({ adapter })
    await store.initConversation('w')
    store.recordMessage(say('one'))
    await store.dispose()
    await clock.advance(2_000)
    const { sessions } = await adapter.list('', { workspace: 'w', limit: 10 })
    const [before] = sessions
    if (!before) throw new Error('not saved')
    const late: SessionAdapter = {
      ...adapter,
      async list(userId, query) {
        const page = await adapter.list(userId, query)
        await adapter.save([changeTo({ ...before, messageCount: 1, rank: before.rank + 1 }, 'late0000')])
        return page
      },
    }
    const next = openTab({ adapter: late })
    await next.store.initConversation('w')
    expect(next.store.getState().sessions).toMatchObject([{ messageCount: 2 }])
  })

  it("begins a new one there with resume: 'new'", async () => {
    const { openTab, settle } = setUp()
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await settle()
    expect(await openTab({ resume: 'new' }).store.initConversation('w')).not.toBe(id)
  })

  it('keeps workspaces apart and comes back to the first one’s conversation', async () => {
    const { openTab } = setUp()
    const { store } = openTab()
    const a = await store.initConversation('a')
    store.recordMessage(say('in a'))
    const b = await store.initConversation('b')
    expect(b).not.toBe(a)
    store.recordMessage(say('in b'))
    expect(await store.initConversation('a')).toBe(a)
    expect(store.getState()).toMatchObject({ currentWorkspace: 'a', currentConversationId: a, isResumed: false })
  })

  it('keeps users apart in one browser', async () => {
    const { openTab, settle } = setUp()
    const ada = openTab({ userId: 'ada' })
    const id = await ada.store.initConversation('w')
    ada.store.recordMessage(say('mine'))
    await settle()
    const bob = openTab({ userId: 'bob' })
    expect(await bob.store.initConversation('w')).not.toBe(id)
    await settle()
    expect(bob.store.getState().sessions).toEqual([])
  })

  it('lets the last wish win when the workspace changes while one is being opened', async () => {
    const { openTab } = setUp()
    const { store } = openTab()
    const [a, b] = await Promise.all([store.initConversation('a'), store.initConversation('b')])
    expect(store.getState()).toMatchObject({ currentWorkspace: 'b', currentConversationId: b, status: 'ready' })
    expect(await store.initConversation('a')).toBe(a)
  })

  it('shows the history also in a page that begins a conversation and opens none', async () => {
    const { clock, openTab, settle } = setUp()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await clock.advance(2_000)
    const { store } = openTab()
    store.newConversation('w')
    await settle()
    expect(store.getState().sessions).toMatchObject([{ conversationId: id }])
  })

  it('shows what no event reported once the tab is visible', async () => {
    const { openTab, settle } = setUp()
    const adapter = memoryAdapter()
    const { store, tab } = openTab({ adapter: { ...adapter, subscribe: () => () => {} } })
    await store.initConversation('w')
    await settle()
    const other = openTab({ adapter, resume: 'new' })
    const id = await other.store.initConversation('w')
    other.store.recordMessage(say('from another tab'))
    await settle()
    expect(store.getState().sessions).toEqual([])
    tab.tell('visible')
    await settle()
    expect(store.getState().sessions).toMatchObject([{ conversationId: id }])
  })

  it('lets New chat win over an opening that is under way', async () => {
    const { openTab } = setUp()
    const { store } = openTab()
    const opening = store.initConversation('w')
    const fresh = store.newConversation('w')
    expect(await opening).toBe(fresh)
    expect(store.getState()).toMatchObject({ currentConversationId: fresh, status: 'ready' })
  })

  it('opens nothing while the user is not known', async () => {
    const { openTab, browser } = setUp()
    const { store } = openTab({ userId: null })
    await expect(store.initConversation('w')).rejects.toMatchObject({ code: 'no-user' })
    expect(() => store.newConversation('w')).toThrow(expect.objectContaining({ code: 'no-user' }))
    expect(browser.localStorage.length).toBe(0)
  })

  it.each([
    ['empty', ''],
    ['missing', undefined as unknown as string],
    ['endless', 'x'.repeat(1_000)],
  ])('refuses a workspace that is %s', async (_what, workspace) => {
    const { openTab } = setUp()
    await expect(openTab().store.initConversation(workspace)).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

describe('opening while storage fails', () => {
  it('continues the chat in memory, says so once, and saves what was said when storage is back', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    fault.error = new Error('down')
    const { store, events } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('still here'))
    await clock.advance(5_000)
    expect(store.getState()).toMatchObject({ status: 'degraded', currentConversationId: id, saving: { pending: 1 } })
    expect(events.filter(({ type }) => type === 'degraded')).toHaveLength(1)

    fault.error = undefined
    await clock.advance(30_000)
    await settle()
    expect(store.getState()).toMatchObject({ status: 'ready', saving: { pending: 0, error: undefined } })
    expect(events.at(-1)).toEqual({ type: 'restored' })
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 1, lastMessagePreview: 'still here' })
  })

  it('does not wait longer than openTimeoutMs for a storage that never answers', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock } = setUp({ adapter, openTimeoutMs: 3_000 })
    fault.hang = true
    const { store } = openTab()
    const opening = store.initConversation('w')
    await clock.advance(2_999)
    expect(store.getState().status).toBe('opening')
    await clock.advance(1)
    expect(store.getState()).toMatchObject({ status: 'degraded', currentConversationId: await opening })
  })

  it('continues this tab’s conversation from its pointer, and adds to the stored row later', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await settle()
    fault.error = new Error('down')
    const again = first.reload()
    expect(await again.store.initConversation('w')).toBe(id)
    again.store.recordMessage(say('two'))
    fault.error = undefined
    await clock.advance(10_000)
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 2, lastMessagePreview: 'two' })
  })
})
