import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { WebStorage } from '../../src/core/web-storage.js'
import { parseOlderBlob } from '../../src/store/older-blob.js'
import { faulty, setUp } from '../support/tabs.js'

const name = 'claude-session-storage'
const say = (text: string) => ({ role: 'user' as const, text })

interface OlderState {
  sessions: { conversationId: string; workspace: string; lastActivity: number }[]
  currentConversationId: string | null
  currentWorkspace: string | null
}

const older: OlderState = {
  sessions: [
    { conversationId: 'old-1', workspace: 'w', lastActivity: 100 },
    { conversationId: 'old-2', workspace: 'w', lastActivity: 300 },
    { conversationId: 'old-3', workspace: 'w2', lastActivity: 200 },
  ],
  currentConversationId: 'old-1',
  currentWorkspace: 'w',
}

/** An app of the time before leftoff: zustand's own persist on the same key. */
function olderApp(storage: WebStorage) {
  return create<OlderState>()(
    persist((): OlderState => ({ sessions: [], currentConversationId: null, currentWorkspace: null }), {
      name,
      storage: createJSONStorage(() => storage),
    }),
  )
}

describe('the snapshot for older code', () => {
  it('has the documented shape and the current ids at once after opening', async () => {
    const { openTab, browser } = setUp()
    const { store } = openTab()
    const id = await store.initConversation('w')
    const current = { sessions: [], currentConversationId: id, currentWorkspace: 'w' }
    expect(JSON.parse(browser.localStorage.getItem(name) ?? '')).toEqual({
      ...current,
      state: current,
      version: 0,
      writtenBy: 'leftoff',
    })
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
    const before = browser.localStorage.getItem(name)
    store.recordMessage(say('hello'))
    await clock.advance(5_000)
    expect(browser.localStorage.getItem(name)).toBe(before)
    tab.tell('hidden')
    expect(JSON.parse(browser.localStorage.getItem(name) ?? '').sessions).toMatchObject([{ conversationId: id }])
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
    const { openTab, browser } = setUp()
    await openTab({ snapshot: false, name: 'off' }).store.initConversation('w')
    await openTab({ name: 'my-app' }).store.initConversation('w')
    expect(browser.localStorage.getItem('off')).toBeNull()
    expect(browser.localStorage.getItem(name)).toBeNull()
    expect(browser.localStorage.getItem('my-app')).toContain('"writtenBy":"leftoff"')
  })
})

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
    await settle()
    expect(store.getState()).toMatchObject({
      sessions: [
        { conversationId: 'old-2', lastActivity: 300, startedAt: 299, messageCount: 0 },
        { conversationId: 'old-3', workspace: 'w2' },
        { conversationId: 'old-1' },
      ],
    })
    expect(await store.initConversation('w2')).toBe('old-3')
    expect(events).toEqual([])
  })

  it.each(blobs)('is kept byte for byte beside the key when written %s', async (_how, write) => {
    const { openTab, browser } = setUp()
    write(browser.localStorage)
    const bytes = browser.localStorage.getItem(name)
    await openTab().store.initConversation('w')
    expect(browser.localStorage.getItem(name)).toContain('"writtenBy":"leftoff"')
    expect(browser.localStorage.getItem(`${name}/older/1`)).toBe(bytes)
  })

  it('is imported once, and a conversation removed since stays removed', async () => {
    const { openTab, browser, settle } = setUp()
    browser.localStorage.setItem(name, JSON.stringify(older))
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    await store.removeConversation('old-2')
    const again = openTab()
    await again.store.initConversation('w')
    await settle()
    expect(again.store.getState().sessions.map(({ conversationId }) => conversationId)).not.toContain('old-2')
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
    expect(browser.localStorage.getItem(`${name}/older/2`)).toBe(JSON.stringify(more))
  })

  it('is tried again at the next open if the adapter failed, for the same user only', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, browser, settle } = setUp({ adapter })
    browser.localStorage.setItem(name, JSON.stringify(older))
    fault.error = new Error('down')
    await openTab({ userId: 'ada' }).store.initConversation('w')
    fault.error = undefined
    const bob = openTab({ userId: 'bob' })
    await bob.store.initConversation('w')
    await settle()
    expect(bob.store.getState().sessions).toEqual([])
    const ada = openTab({ userId: 'ada' })
    expect(await ada.store.initConversation('w')).toBe('old-1')
    await settle()
    expect(ada.store.getState().sessions).toHaveLength(3)
  })

  it('is not overwritten while it cannot be kept', async () => {
    const { openTab, browser } = setUp({ adapter: memoryAdapter() })
    const bytes = JSON.stringify(older)
    browser.localStorage.setItem(name, bytes)
    const tab = openTab()
    const storage = tab.tab.storage()
    const setItem = storage.setItem
    Object.assign(storage, {
      setItem(key: string, value: string) {
        if (key.startsWith(`${name}/older`)) throw new DOMException('full', 'QuotaExceededError')
        setItem(key, value)
      },
    })
    await tab.store.initConversation('w')
    expect(browser.localStorage.getItem(name)).toBe(bytes)
  })

  it('keeps a tab id that was not the conversation id', async () => {
    const { openTab, browser, settle } = setUp()
    const sessions = [
      { conversationId: 'c1', tabId: 'tab-9', workspace: 'w', lastActivity: 1 },
      { conversationId: 'c2', tabId: 'c2', workspace: 'w', lastActivity: 2 },
    ]
    browser.localStorage.setItem(name, JSON.stringify({ ...older, sessions, currentConversationId: 'c1' }))
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    const [c2, c1] = store.getState().sessions
    expect(c1).toMatchObject({ conversationId: 'c1', tabId: 'tab-9' })
    expect(c2).not.toHaveProperty('tabId')
  })

  it('reports entries it cannot read, and imports their neighbours', async () => {
    const { openTab, browser, settle } = setUp()
    const sessions = [{ conversationId: 7 }, null, older.sessions[0], { conversationId: 'x', lastActivity: 1 }]
    browser.localStorage.setItem(name, JSON.stringify({ ...older, sessions }))
    const { store, events } = openTab()
    expect(await store.initConversation('w')).toBe('old-1')
    await settle()
    expect(store.getState().sessions).toHaveLength(1)
    expect(events.map(({ type }) => type)).toEqual(['row-quarantined', 'row-quarantined', 'row-quarantined'])
  })

  it('never throws, whatever stands there, and gives only rows that can be stored', () => {
    const anything = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record({ sessions: fc.oneof(fc.array(fc.object()), fc.jsonValue()), currentConversationId: fc.jsonValue() })
        .map((state) => JSON.stringify({ state, version: 0 })),
    )
    fc.assert(
      fc.property(anything, (blob) => {
        for (const session of parseOlderBlob(blob, 'u1', 5).sessions) {
          expect(session).toMatchObject({ userId: 'u1', conversationId: expect.any(String), revision: 0 })
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
