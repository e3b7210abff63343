import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })

async function twoTabs() {
  const setting = setUp({ userId: 'ada' })
  const [here, there] = [setting.openTab(), setting.openTab()]
  for (const tab of [here, there]) {
    await setting.initialize(tab)
    tab.store.recordMessage(say('hello'))
  }
  await setting.clock.advance(2_000)
  return { ...setting, here, there }
}

describe('signing out', () => {
  it('shows signed-out in the user’s other tabs, and touches no other user', async () => {
    const { here, there, openTab, settle, initialize, stored } = await twoTabs()
    const bob = openTab({ userId: 'bob' })
    const id = await initialize(bob)
    bob.store.recordMessage(say('mine'))
    await settle()
    await here.store.signOut()
    await settle()
    for (const { store, events } of [here, there]) {
      expect(store.getState()).toMatchObject({ status: 'signed-out', userId: undefined, sessions: [] })
      expect(events).toContainEqual({ type: 'signed-out', userId: 'ada' })
    }
    expect(bob.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
    expect(await stored(id, 'bob')).toMatchObject({ messageCount: 1 })
  })

  it('with keepHistory shows signed-out in all tabs and deletes nothing', async () => {
    const { here, there, settle, initialize, openTab } = await twoTabs()
    await here.store.signOut({ keepHistory: true })
    await settle()
    for (const { store } of [here, there]) expect(store.getState().status).toBe('signed-out')
    const again = openTab({ userId: 'ada' })
    await initialize(again)
    expect(again.store.getState().sessions).toHaveLength(2)
  })

  it('lets a later sign-in keep what it writes, whatever tabs of the earlier one still write', async () => {
    const { here, there, openTab, clock, initialize, stored } = await twoTabs()
    there.tab.tell('pagehide') // no message reaches it
    await here.store.signOut()
    const again = openTab({ userId: 'ada' })
    const id = await initialize(again)
    again.store.recordMessage(say('of the new sign-in'))
    await clock.advance(2_000)
    there.store.recordMessage(say('of the old one'))
    there.tab.tell('pageshow')
    await clock.advance(5_000)
    expect(there.store.getState().status).toBe('signed-out')
    expect(await stored(id, 'ada')).toMatchObject({ messageCount: 1 })
    expect(again.store.getState()).toMatchObject({ status: 'ready', sessions: [{ conversationId: id }] })
  })

  it('leaves nothing of what another tab, another process, had saved before it heard of it', async () => {
    const { here, there, keys, settle, browser } = await twoTabs()
    there.tab.tell('pagehide') // no message reaches it
    await settle()
    const saved = keys('/part/ada/').map((key) => [key, browser.localStorage.getItem(key) ?? ''] as const)
    expect(saved).toHaveLength(2)
    await here.store.signOut()
    await settle()
    expect(keys('/part/ada/')).toEqual([])
    // The other's save comes to light once this one has looked.
    for (const [key, text] of saved) browser.localStorage.setItem(key, text)
    there.tab.tell('pageshow')
    await settle()
    expect(there.store.getState().status).toBe('signed-out')
    expect(keys('/part/ada/')).toEqual([])
  })

  it('of the user who left last is possible after setUser(null)', async () => {
    const { here, keys, settle } = await twoTabs()
    await here.store.setUser(null)
    await here.store.signOut()
    await settle()
    expect(keys('/part/ada/')).toEqual([])
  })

  it('of nobody is refused', async () => {
    const { openTab } = setUp({ userId: null })
    await expect(openTab().store.signOut()).rejects.toMatchObject({ code: 'no-user' })
  })

  it('ends with setUser of the same user', async () => {
    const { here, initialize } = await twoTabs()
    await here.store.signOut()
    await here.store.setUser('ada')
    expect(here.store.getState()).toMatchObject({ userId: 'ada', status: 'idle', sessions: [] })
    await initialize(here)
    expect(here.store.getState().status).toBe('ready')
  })

  it('drops what was not saved', async () => {
    const adapter = memoryAdapter()
    const { openTab, initialize, clock } = setUp({ adapter, userId: 'ada' })
    const tab = openTab()
    const id = await initialize(tab)
    tab.store.recordMessage(say('one'))
    await clock.advance(100)
    tab.store.recordMessage(say('two'))
    await tab.store.signOut()
    await clock.advance(5_000)
    expect(await adapter.get('ada', id)).toBeUndefined()
  })

  it('leaves a setUser that follows at once alone, in either order', async () => {
    const { openTab, initialize, settle, keys } = setUp({ userId: 'ada' })
    const tab = openTab()
    await initialize(tab)
    tab.store.recordMessage(say('hers'))
    await settle()
    const out = tab.store.signOut()
    const next = tab.store.setUser('bob')
    await Promise.all([out, next])
    await initialize(tab)
    tab.store.recordMessage(say('his'))
    await settle()
    expect(tab.store.getState()).toMatchObject({ userId: 'bob', status: 'ready', sessions: [{ userId: 'bob' }] })
    expect(keys('/part/ada/')).toEqual([])
    expect(keys('/part/bob/')).toHaveLength(1)
  })
})
