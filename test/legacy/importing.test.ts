import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { WebStorage } from '../../src/core/web-storage.js'
import { importLegacy } from '../../src/legacy/import-legacy.js'
import type { SessionStoreOptions } from '../../src/store/session-store.js'
import { older, olderApp } from '../support/older-app.js'
import { faulty, setUp as setUpTabs } from '../support/tabs.js'

const name = 'claude-session-storage'
const say = (text: string) => ({ role: 'user' as const, text })

const setUp = (options: Partial<SessionStoreOptions> = {}) => setUpTabs({ legacy: importLegacy(), ...options })

describe('data that older code left', () => {
  const blobs: [string, (storage: WebStorage) => void][] = [
    ['plain', (storage) => storage.setItem(name, JSON.stringify(older))],
    ['by real zustand persist', (storage) => olderApp(storage).setState(older)],
  ]

  it.each(blobs)('is resumed when written %s', async (_how, write) => {
    const { openTab, browser, settle } = setUp()
    write(browser.localStorage)
    const { store, events } = openTab()
    expect(await store.initConversation('w')).toBe('old-1') // the one that was current, though not the newest
    expect(store.getState().isResumed).toBe(true)
    await settle()
    expect(store.getState()).toMatchObject({
      sessions: [
        { conversationId: 'old-2', lastActivity: 300_000, startedAt: 300_000, messageCount: 0 },
        { conversationId: 'old-3', workspace: 'w2' },
        { conversationId: 'old-1' },
      ],
    })
    expect(await store.initConversation('w2')).toBe('old-3')
    expect(events).toEqual([])
  })

  it('stays where it is until the snapshot replaces it', async () => {
    const { openTab, browser, settle } = setUp()
    const blob = JSON.stringify(older)
    browser.localStorage.setItem(name, blob)
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    expect(browser.localStorage.getItem(name)).toBe(blob)
    store.recordMessage(say('hello'))
    await settle()
    expect(JSON.parse(browser.localStorage.getItem(name) ?? '')).toMatchObject({
      writtenBy: 'leftoff',
      currentConversationId: 'old-1',
    })
  })

  it('leaves the version of zustand’s persist, without which an older app could not go back', async () => {
    const { openTab, browser, settle } = setUp()
    browser.localStorage.setItem(name, JSON.stringify({ state: older, version: 3 }))
    const { store } = openTab()
    await store.initConversation('w')
    for (const text of ['hello', 'again']) {
      store.recordMessage(say(text))
      await settle()
      expect(JSON.parse(browser.localStorage.getItem(name) ?? '')).toMatchObject({ writtenBy: 'leftoff', version: 3 })
    }
  })

  it('is imported once, and a conversation removed since stays removed', async () => {
    const { openTab, browser, settle, clock } = setUp()
    browser.localStorage.setItem(name, JSON.stringify(older))
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    await store.removeConversation('old-2')
    // The older app still runs, and writes the same again.
    browser.localStorage.setItem(name, JSON.stringify(older))
    const again = openTab()
    const opened = again.store.initConversation('w')
    await clock.advance(2_000)
    await opened
    expect(again.store.getState().sessions.map(({ conversationId }) => conversationId)).toEqual(['old-3', 'old-1'])
    expect(again.events).toEqual([])
  })

  it('is imported again after a rollback, without touching what is newer', async () => {
    const { openTab, browser, clock, initialize } = setUp()
    browser.localStorage.setItem(name, JSON.stringify(older))
    const { store } = openTab()
    await store.initConversation('w')
    store.recordMessage(say('with leftoff'))
    await clock.advance(2_000)
    // The older app ran again, and knows one more.
    const more = {
      ...older,
      sessions: [...older.sessions, { conversationId: 'old-4', workspace: 'w', lastActivity: 400 }],
    }
    browser.localStorage.setItem(name, JSON.stringify(more))
    const again = openTab({ resume: 'new' })
    await initialize(again)
    expect(again.store.getState().sessions).toMatchObject([
      { conversationId: 'old-1', messageCount: 1 },
      { conversationId: 'old-4' },
      { conversationId: 'old-2' },
      { conversationId: 'old-3' },
    ])
  })

  it('counts nothing twice however often it is imported', async () => {
    const { openTab, browser, initialize, stored } = setUp()
    const sessions = [{ conversationId: 'c1', workspace: 'w', lastActivity: 5, messageCount: 7 }]
    for (let time = 0; time < 3; time++) {
      browser.localStorage.setItem(name, JSON.stringify({ ...older, sessions }))
      await initialize(openTab({ resume: 'new' }))
    }
    expect(await stored('c1')).toMatchObject({ messageCount: 7 })
  })

  it('is imported at the next opening if the adapter failed, and not replaced before', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, browser, clock } = setUp({ adapter })
    const blob = JSON.stringify(older)
    browser.localStorage.setItem(name, blob)
    fault.error = new Error('down')
    const first = openTab()
    await first.store.initConversation('w')
    first.store.newConversation()
    first.tab.tell('hidden')
    expect(browser.localStorage.getItem(name)).toBe(blob)
    fault.error = undefined
    first.tab.crash()
    const { store } = openTab()
    expect(await store.initConversation('w')).toBe('old-1')
    await clock.advance(1_000)
    expect(store.getState().sessions).toHaveLength(3)
  })

  it('is not imported any more after a sign-out on the device, nor left there', async () => {
    const { openTab, browser, initialize, stored } = setUp()
    browser.localStorage.setItem(name, JSON.stringify(older))
    const ada = openTab({ userId: 'ada' })
    await initialize(ada)
    await ada.store.signOut()
    expect(browser.localStorage.getItem(name)).toBeNull()
    // An older app on the same device writes it again: whose it is, nobody knows.
    browser.localStorage.setItem(name, JSON.stringify(older))
    const bob = openTab({ userId: 'bob' })
    await initialize(bob)
    expect(await stored('old-1', 'bob')).toBeUndefined()
    expect(bob.store.getState().sessions).toEqual([])
    bob.store.recordMessage(say('hello'))
    await bob.store.flush()
    expect(browser.localStorage.getItem(name)).toContain('"writtenBy":"leftoff"')
  })

  it('reports entries it cannot read, keeps their bytes, and imports their neighbours', async () => {
    const { openTab, browser, settle } = setUp()
    const sessions = [{ conversationId: 7 }, null, older.sessions[0], { conversationId: 'x', lastActivity: 1 }]
    const blob = JSON.stringify({ ...older, sessions })
    browser.localStorage.setItem(name, blob)
    const { store, events } = openTab()
    expect(await store.initConversation('w')).toBe('old-1')
    await settle()
    expect(store.getState().sessions).toHaveLength(1)
    expect(events.map(({ type }) => type)).toEqual(['row-quarantined', 'row-quarantined', 'row-quarantined'])
    expect(browser.localStorage.getItem(`${name}/quarantine/${name}`)).toBe(blob)
  })

  it('is imported without its texts where none are kept', async () => {
    const adapter = memoryAdapter()
    const { openTab, browser, settle } = setUp({ adapter, persistContent: false })
    const session = { conversationId: 'o', workspace: 'w', lastActivity: 1 }
    const sessions = [{ ...session, title: 'Top secret', lastMessagePreview: 'a secret' }]
    browser.localStorage.setItem(name, JSON.stringify({ ...older, sessions, currentConversationId: 'o' }))
    const { store } = openTab()
    expect(await store.initConversation('w')).toBe('o')
    await settle()
    expect(JSON.stringify([await adapter.list('', { limit: 9 }), store.getState()])).not.toContain('secret')
  })
})
