import { describe, expect, it } from 'vitest'
import { setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })

describe('opening a conversation that the app gives', () => {
  it('opens exactly that one', async () => {
    const { openTab, settle } = setUp()
    const { store } = openTab()
    const first = await store.initConversation('w')
    store.recordMessage(say('one'))
    store.newConversation()
    store.recordMessage(say('two'))
    await settle()
    const other = openTab()
    expect(await other.store.initConversation('w', { conversationId: first })).toBe(first)
    expect(other.store.getState().isResumed).toBe(true)
  })

  it('creates it under that id if it is unknown and the app says so', async () => {
    const { openTab, settle, stored } = setUp()
    const { store, events } = openTab()
    expect(await store.initConversation('w', { conversationId: 'given', createUnknown: true })).toBe('given')
    store.recordMessage(say('hello'))
    await settle()
    expect(await stored('given')).toMatchObject({ messageCount: 1 })
    expect(store.getState()).toMatchObject({ isResumed: false, sessions: [{ conversationId: 'given' }] })
    expect(events).toEqual([])
  })

  it('redirects and says so if it is unknown', async () => {
    const { openTab, keys } = setUp()
    const { store, events } = openTab()
    const id = await store.initConversation('w', { conversationId: 'given' })
    expect(id).not.toBe('given')
    expect(events).toEqual([
      { type: 'conversation-redirected', conversationId: id, from: 'given', reason: 'not-found' },
    ])
    expect(keys('given')).toEqual([])
  })

  it('opens one that this tab has begun and said nothing in yet', async () => {
    const { openTab } = setUp()
    const first = openTab()
    const id = await first.store.initConversation('w')
    const again = first.reload()
    expect(await again.store.initConversation('w', { conversationId: id })).toBe(id)
    expect(again.events).toEqual([])
  })

  it('creates none of another user under its id, whatever the app says', async () => {
    const { openTab, settle, stored } = setUp()
    const ada = openTab({ userId: 'ada' })
    const id = await ada.store.initConversation('w')
    ada.store.recordMessage(say('mine'))
    await settle()
    const bob = openTab({ userId: 'bob' })
    expect(await bob.store.initConversation('w', { conversationId: id })).not.toBe(id)
    expect(bob.events).toMatchObject([{ type: 'conversation-redirected', from: id, reason: 'not-found' }])
    expect(await stored(id, 'bob')).toBeUndefined()
  })

  it('redirects and says so if it belongs to another workspace', async () => {
    const { openTab, settle } = setUp()
    const { store, events } = openTab()
    const a = await store.initConversation('a')
    store.recordMessage(say('one'))
    await settle()
    const b = await store.initConversation('b', { conversationId: a })
    expect(b).not.toBe(a)
    expect(events).toEqual([{ type: 'conversation-redirected', conversationId: b, from: a, reason: 'other-workspace' }])
  })

  it('redirects and says so if it was removed', async () => {
    const { openTab, settle } = setUp()
    const { store } = openTab()
    const removed = await store.initConversation('w')
    store.recordMessage(say('one'))
    await settle()
    await store.removeConversation(removed)
    const { store: other, events } = openTab()
    const id = await other.initConversation('w', { conversationId: removed })
    expect(events).toEqual([{ type: 'conversation-redirected', conversationId: id, from: removed, reason: 'removed' }])
  })

  it('stays where it is, and begins nothing, if the workspace has one open', async () => {
    const { openTab, settle } = setUp()
    const { store, events } = openTab()
    const here = await store.initConversation('w')
    store.recordMessage(say('one'))
    await settle()
    expect(await store.initConversation('w', { conversationId: 'unknown' })).toBe(here)
    expect(store.stateOf('w')).toMatchObject({ conversationId: here, status: 'ready' })
    expect(events).toEqual([
      { type: 'conversation-redirected', conversationId: here, from: 'unknown', reason: 'not-found' },
    ])
    // Its claim is still this tab's.
    const { store: other } = openTab()
    await other.initConversation('w', { conversationId: here })
    expect(other.getState().status).toBe('watching')
  })

  it('redirects and says so if a later version of leftoff stored it', async () => {
    const { openTab, browser } = setUp()
    browser.localStorage.setItem('claude-session-storage/part//w/later/author00', '{"schemaVersion":99}')
    const { store, events } = openTab()
    const id = await store.initConversation('w', { conversationId: 'later' })
    expect(events).toContainEqual({
      type: 'conversation-redirected',
      conversationId: id,
      from: 'later',
      reason: 'newer-version',
    })
  })
})
