import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })
const answer = (text: string) => ({
  role: 'assistant' as const,
  text,
  usage: { input: 10, output: 5, cacheRead: 1, cacheWrite: 2 },
})

describe('recording', () => {
  it('counts messages, adds up tokens and shows the last message at once', async () => {
    const { openTab, clock } = setUp()
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('hello'))
    await clock.advance(500)
    store.recordMessage(answer('hi\nthere'))
    store.recordMessage(answer('again'))
    expect(store.getState().sessions).toMatchObject([
      {
        conversationId: id,
        messageCount: 3,
        lastMessagePreview: 'again',
        tokenUsage: { input: 20, output: 10, cacheRead: 2, cacheWrite: 4 },
        startedAt: 1_000_000,
        lastActivity: 1_000_500,
      },
    ])
  })

  it('counts a message that comes again once, and leaves order, title and preview as they are', async () => {
    const { openTab, clock, settle } = setUp()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage({ ...say('hello'), messageId: 'm' })
    await clock.advance(500)
    first.store.recordMessage({ ...answer('hi'), messageId: 'm.answer' })
    await first.store.flush()
    const [before] = first.store.getState().sessions

    await clock.advance(60_000)
    const { store } = openTab({ resume: 'new' })
    for (const [messageId, message, at] of [
      ['m', say('hello'), 1_000_000],
      ['m.answer', answer('hi'), 0],
    ] as const) {
      store.recordMessage({ ...message, messageId, at, conversationId: id })
    }
    await store.flush()
    await settle()
    const reader = openTab({ resume: 'new' }).store
    await reader.initConversation('w')
    await settle()
    expect(reader.getState().sessions.find(({ conversationId }) => conversationId === id)).toEqual(before)
  })

  it('counts a message said before any conversation was open', async () => {
    const { openTab } = setUp()
    const { store } = openTab()
    store.recordMessage(say('early'))
    const opening = store.initConversation('w')
    store.recordMessage(say('still early'))
    await opening
    expect(store.getState().sessions).toMatchObject([{ messageCount: 2, lastMessagePreview: 'still early' }])
  })

  it('finds the conversation of an answer that outlived a switch', async () => {
    const { openTab, settle } = setUp()
    const { store } = openTab()
    const first = await store.initConversation('w')
    store.recordMessage(say('question'))
    await settle()
    const second = store.newConversation()
    store.recordMessage({ ...answer('late'), conversationId: first })
    await settle()
    const byId = new Map(store.getState().sessions.map((session) => [session.conversationId, session.messageCount]))
    expect(byId.get(first)).toBe(2)
    expect(byId.has(second)).toBe(false) // nothing is stored of it yet
  })

  it('adds to a conversation it did not know', async () => {
    const { openTab, settle } = setUp()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await settle()
    const { store } = openTab({ resume: 'new' })
    store.recordMessage({ ...say('two'), conversationId: id })
    await settle()
    expect(store.getState().sessions).toMatchObject([{ conversationId: id, messageCount: 2 }])
  })

  it('says so if there is no such conversation', async () => {
    const { openTab, settle } = setUp()
    const { store, events } = openTab()
    store.recordMessage({ ...say('where?'), conversationId: 'nowhere' })
    await settle()
    expect(events).toMatchObject([
      { type: 'save-failed', conversationId: 'nowhere', error: { code: 'conversation-lost' } },
      { type: 'conversation-lost', conversationId: 'nowhere', reason: 'not-found' },
    ])
    expect(store.getState().saving.pending).toBe(0)
  })

  it('leaves titles and previews out of storage and state with persistContent: false', async () => {
    const { openTab, browser, settle, keys } = setUp({ persistContent: false })
    const { store, tab } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('a secret'))
    store.renameConversation(id, 'Top secret')
    await settle()
    tab.tell('hidden')
    const values = keys().map((key) => browser.localStorage.getItem(key))
    expect(values.join()).not.toContain('secret')
    expect(JSON.stringify(store.getState())).not.toContain('secret')
    expect(store.getState().sessions).toMatchObject([{ messageCount: 1 }])
  })
})

describe('a message with an id', () => {
  const named = (messageId: string) => ({ ...say('hello'), messageId })
  const reply = { ...answer('hi'), messageId: 'm1.answer' }

  it('counts once in one page, however often it is recorded', async () => {
    const { openTab, clock } = setUp()
    const { store } = openTab()
    await store.initConversation('w')
    for (let time = 0; time < 3; time++) {
      store.recordMessage(named('m1'))
      store.recordMessage(reply)
      await clock.advance(2_000)
    }
    expect(store.getState().sessions).toMatchObject([{ messageCount: 2, tokenUsage: { input: 10, output: 5 } }])
  })

  it('counts once when two tabs record it, in either order, and with the usage that one of them saw', async () => {
    const { openTab, clock, stored } = setUp()
    const [a, b] = [openTab(), openTab()]
    const id = await a.store.initConversation('w')
    a.store.recordMessage(named('m1'))
    await clock.advance(2_000)
    await b.store.initConversation('w', { conversationId: id })
    b.store.recordMessage({ ...named('m1'), conversationId: id })
    b.store.recordMessage({ ...say('hi'), messageId: 'm1.answer', conversationId: id })
    a.store.recordMessage(reply)
    a.store.recordMessage(say('without an id'))
    await clock.advance(5_000)
    expect(await stored(id)).toMatchObject({ messageCount: 3, tokenUsage: { input: 10, output: 5 } })
    for (const { store } of [a, b]) {
      expect(store.getState().sessions).toMatchObject([{ messageCount: 3, tokenUsage: { input: 10, output: 5 } }])
    }
  })

  it('counts once when it is recorded again after a reload', async () => {
    const { openTab, clock, stored } = setUp()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(named('m1'))
    first.store.recordMessage(reply)
    const again = first.reload()
    await again.store.initConversation('w')
    again.store.recordMessage(named('m1'))
    again.store.recordMessage(reply)
    await clock.advance(2_000)
    expect(await stored(id)).toMatchObject({ messageCount: 2 })
    expect(again.store.getState().sessions).toMatchObject([{ messageCount: 2 }])
  })

  it('that is loaded on another device shows as counted once, at every moment, also where nobody tells of changes', async () => {
    const { subscribe: _subscribe, epochOf: _epochOf, forget: _forget, ...memory } = memoryAdapter()
    const account: SessionAdapter = { ...memory, place: 'account', durability: 'committed' }
    const first = setUp({ adapter: account })
    const one = first.openTab().store
    const id = await one.initConversation('w')
    for (const n of [1, 2, 3]) one.recordMessage({ ...named(`m${n}`), at: 1_000_000 })
    await one.flush()

    const second = setUp({ adapter: account })
    const two = second.openTab().store
    await two.initConversation('w', { conversationId: id })
    await second.clock.advance(2_000)
    const shown: number[] = []
    const stop = two.subscribe(({ sessions }) => {
      shown.push(sessions[0]?.messageCount ?? 0)
    })
    for (const n of [1, 2, 3]) two.recordMessage({ ...named(`m${n}`), at: 1_000_000, conversationId: id })
    await two.flush()
    await second.clock.advance(2_000)
    expect(new Set(shown)).toEqual(new Set([3]))

    // One that nobody counted yet, which was said while no page looked: counted once it is stored.
    two.recordMessage({ ...reply, at: 1_000_000, conversationId: id })
    await two.flush()
    await second.clock.advance(2_000)
    stop()
    expect(two.getState().sessions).toMatchObject([{ messageCount: 4, tokenUsage: { input: 10, output: 5 } }])
    // And one that is said now, at once.
    two.recordMessage({ ...named('m4'), conversationId: id })
    expect(two.getState().sessions).toMatchObject([{ messageCount: 5 }])
  })

  it('is saved although 100 of them are recorded at once', async () => {
    const { openTab, clock } = setUp({ adapter: memoryAdapter() })
    const { store } = openTab()
    await store.initConversation('w')
    for (let at = 0; at < 100; at++) store.recordMessage(named(`m${at}`))
    await store.flush()
    expect(store.getState()).toMatchObject({ saving: { pending: 0 }, sessions: [{ messageCount: 100 }] })
    await clock.advance(2_000)
    expect(store.getState().sessions).toMatchObject([{ messageCount: 100 }])
  })
})
