import { describe, expect, it } from 'vitest'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { createSessionStore } from '../../src/store/create-session-store.js'
import type { SessionStoreOptions } from '../../src/store/session-store.js'
import type { FakeTab } from '../../src/testing/fake-browser.js'
import { setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })

/** One page, in which stores are made one after the other. */
function page() {
  const setting = setUp()
  const make = (tab: FakeTab, own: Partial<SessionStoreOptions> = {}) =>
    createSessionStore({
      clock: setting.clock,
      browser: tab.browser,
      adapter: localStorageAdapter({ ...tab, now: setting.clock.now }),
      ...own,
    })
  return { ...setting, make, tab: setting.browser.openTab() }
}

describe('two panels of a page', () => {
  it('have a conversation each, and each has its own again after a reload', async () => {
    const { make, tab, clock } = page()
    const [left, right] = [make(tab, { panel: 'left' }), make(tab, { panel: 'right' })]
    const ids = [await left.initConversation('w'), await right.initConversation('w')]
    expect(ids[0]).not.toBe(ids[1])
    left.recordMessage(say('left'))
    right.recordMessage(say('right'))
    await clock.advance(2_000)
    const next = tab.reload()
    const again = [make(next, { panel: 'right' }), make(next, { panel: 'left' })].map((store) =>
      store.initConversation('w'),
    )
    await clock.advance(2_000)
    expect(await Promise.all(again)).toEqual([ids[1], ids[0]])
  })

  it('do not share one conversation: the second watches', async () => {
    const { make, tab, clock } = page()
    const [left, right] = [make(tab, { panel: 'left' }), make(tab, { panel: 'right' })]
    const id = await left.initConversation('w')
    left.recordMessage(say('left'))
    await clock.advance(2_000)
    expect(await right.initConversation('w', { conversationId: id })).toBe(id)
    expect(right.getState().status).toBe('watching')
  })
})

describe('a second store of the same place in a page', () => {
  it('takes over from the first at once, with what it had not saved', async () => {
    const { make, tab, clock, stored } = page()
    const before = make(tab)
    const id = await before.initConversation('w')
    before.recordMessage(say('one'))
    await clock.advance(2_000)
    before.recordMessage(say('two'))
    const after = make(tab)
    const opened = after.initConversation('w')
    await clock.advance(2_000)
    expect(await opened).toBe(id)
    expect(after.getState()).toMatchObject({ status: 'ready', sessions: [{ messageCount: 2 }] })
    expect(await stored(id)).toMatchObject({ messageCount: 2 })
    expect(before.getState().status).toBe('idle')
  })

  it('of another user takes nothing over', async () => {
    const { make, tab, clock } = page()
    const [ada, bob] = [make(tab, { userId: 'ada' }), make(tab, { userId: 'bob' })]
    await ada.initConversation('w')
    await bob.initConversation('w')
    await clock.advance(2_000)
    expect([ada.getState().status, bob.getState().status]).toEqual(['ready', 'ready'])
  })
})

describe('workspaces of a page', () => {
  it('each get the event, with what is open in them', async () => {
    const { make, tab } = page()
    const store = make(tab)
    const a = await store.initConversation('a')
    const opening = store.initConversation('b')
    expect(store.stateOf('b')).toEqual({ conversationId: undefined, status: 'opening', isResumed: false })
    const b = await opening
    expect(store.stateOf('a')).toEqual({ conversationId: a, status: 'ready', isResumed: false })
    expect(store.stateOf('nowhere')).toEqual({ conversationId: undefined, status: 'idle', isResumed: false })
    expect(store.getState().workspaces).toEqual({ a: store.stateOf('a'), b: store.stateOf('b') })
    expect(store.stateOf('b').conversationId).toBe(b)
  })
})
