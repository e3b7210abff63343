import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { faulty, setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })

describe('users', () => {
  it('opens nothing until the user is known', async () => {
    const { openTab } = setUp({ userId: null })
    const { store } = openTab()
    await expect(store.initConversation('w')).rejects.toMatchObject({ code: 'no-user' })
    await store.setUser('olga')
    expect(store.getState()).toMatchObject({ userId: 'olga', status: 'idle' })
    expect(await store.initConversation('w')).toBe(store.getState().currentConversationId)
  })

  it('shows and sends nothing of a user whose session expired as the next one’s, and has it all when they return', async () => {
    const adapter = memoryAdapter()
    const { adapter: failing, fault } = faulty(adapter)
    const { openTab, settle, clock } = setUp({ adapter: failing, userId: 'olga' })
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('mine'))
    await settle()
    fault.error = new Error('down')
    store.recordMessage(say('not saved yet'))
    const left = store.setUser(null)
    expect(store.getState()).toMatchObject({ userId: undefined, sessions: [], currentConversationId: undefined })
    await expect(left).rejects.toMatchObject({ code: 'storage-unavailable' })
    fault.error = undefined
    await store.setUser('bob')
    expect(await store.initConversation('w')).not.toBe(id)
    await clock.advance(60_000)
    expect(store.getState().sessions).toEqual([])
    expect(await adapter.list('bob', { limit: 10 })).toEqual({ sessions: [] })
    await store.setUser('olga')
    expect(await store.initConversation('w')).toBe(id)
  })

  it('signs out in every tab: nothing of the user is left on the device or shown', async () => {
    const { openTab, settle, browser } = setUp({ userId: 'olga' })
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
      expect(all.filter((key) => `${key}${storage.getItem(key)}`.match(/olga|secret/i))).toEqual([])
    }
  })

  it('lets a tab that missed the event write nothing back', async () => {
    const { openTab, settle, browser, clock } = setUp({ userId: 'olga' })
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
    expect(keys().filter((key) => key.includes('olga'))).toEqual([])
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
