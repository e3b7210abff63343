import { describe, expect, it } from 'vitest'
import { older, olderApp } from '../support/older-app.js'
import { setUp } from '../support/tabs.js'

const name = 'claude-session-storage'
const say = (text: string) => ({ role: 'user' as const, text })

describe('the snapshot for older code', () => {
  it('is not written by opening, and has the documented shape from the first save on', async () => {
    const { openTab, browser, settle } = setUp()
    const { store } = openTab()
    const id = await store.initConversation('w')
    await settle()
    expect(browser.localStorage.getItem(name)).toBeNull()
    store.recordMessage(say('hello'))
    await settle()
    const current = {
      sessions: [{ conversationId: id, workspace: 'w', lastActivity: 1_000_000 }],
      currentConversationId: id,
      currentWorkspace: 'w',
    }
    expect(JSON.parse(browser.localStorage.getItem(name) ?? '')).toEqual({
      ...current,
      state: current,
      version: 0,
      writtenBy: 'leftoff',
    })
  })

  it('says which conversation is current after New chat and after a switch', async () => {
    const { openTab, browser, settle } = setUp()
    const { store } = openTab()
    const first = await store.initConversation('w')
    store.recordMessage(say('hello'))
    await settle()
    const current = () => JSON.parse(browser.localStorage.getItem(name) ?? '').currentConversationId
    const second = store.newConversation()
    expect(current()).toBe(second)
    await store.switchConversation(first)
    expect(current()).toBe(first)
  })

  it('has the newest ten and the current one, without any content', async () => {
    const { openTab, browser, clock } = setUp()
    const { store, tab } = openTab()
    const first = await store.initConversation('w')
    store.recordMessage(say('a secret'))
    store.renameConversation(first, 'Secret')
    await clock.advance(1_000)
    for (let count = 0; count < 11; count++) {
      store.newConversation()
      store.recordMessage(say('a secret'))
      await clock.advance(1_000)
    }
    await store.switchConversation(first)
    tab.tell('hidden')
    const text = browser.localStorage.getItem(name) ?? ''
    const { sessions } = JSON.parse(text)
    expect(sessions).toHaveLength(11)
    expect(sessions.at(-1)).toEqual({ conversationId: first, workspace: 'w', lastActivity: 1_000_000 })
    expect(text.toLowerCase()).not.toContain('secret')
  })

  it('is not written for activity alone, and is up to date when the page is hidden', async () => {
    const { openTab, browser, clock } = setUp()
    const { store, tab } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('hello'))
    await clock.advance(5_000)
    const before = browser.localStorage.getItem(name)
    store.recordMessage(say('again'))
    await clock.advance(5_000)
    expect(browser.localStorage.getItem(name)).toBe(before)
    tab.tell('hidden')
    expect(JSON.parse(browser.localStorage.getItem(name) ?? '').sessions).toEqual([
      { conversationId: id, workspace: 'w', lastActivity: 1_005_000 },
    ])
  })

  it('is read by real zustand persist after a rollback', async () => {
    const { openTab, browser, settle } = setUp()
    const { store, tab } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('hello'))
    await settle()
    tab.tell('hidden')
    expect(olderApp(browser.localStorage).getState()).toEqual({
      sessions: [{ conversationId: id, workspace: 'w', lastActivity: 1_000_000 }],
      currentConversationId: id,
      currentWorkspace: 'w',
    })
  })

  it('can be switched off and have another name', async () => {
    const { openTab, browser, settle } = setUp()
    for (const tab of [openTab({ snapshot: false, name: 'off' }), openTab({ name: 'my-app' })]) {
      await tab.store.initConversation('w')
      tab.store.recordMessage(say('hello'))
      await settle()
    }
    expect(browser.localStorage.getItem('off')).toBeNull()
    expect(browser.localStorage.getItem(name)).toBeNull()
    expect(browser.localStorage.getItem('my-app')).toContain('"writtenBy":"leftoff"')
  })

  it('never replaces a blob of another app where nothing imports it', async () => {
    const { openTab, browser, clock } = setUp()
    browser.localStorage.setItem(name, JSON.stringify(older))
    const { store, tab } = openTab()
    await store.initConversation('w')
    store.recordMessage(say('hello'))
    await clock.advance(5_000)
    store.newConversation()
    tab.close()
    expect(browser.localStorage.getItem(name)).toBe(JSON.stringify(older))
  })

  it('has nothing of the user left after a sign-out', async () => {
    const { openTab, browser, settle } = setUp({ userId: 'ada' })
    const { store } = openTab()
    await store.initConversation('w')
    store.recordMessage(say('hello'))
    await settle()
    expect(browser.localStorage.getItem(name)).not.toBeNull()
    await store.signOut()
    expect(browser.localStorage.getItem(name)).toBeNull()
  })
})
