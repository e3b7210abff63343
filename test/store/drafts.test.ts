import { describe, expect, it } from 'vitest'
import { drafts } from '../../src/store/drafts.js'
import type { SessionStoreOptions } from '../../src/store/session-store.js'
import { keysOf, setUp as setUpTabs } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })

function setUp(options: Partial<SessionStoreOptions> = {}) {
  const { openTab, ...setting } = setUpTabs(options)
  return { ...setting, openTab: (own = {}) => openTab({ drafts: drafts(), ...own }) }
}

describe('a draft', () => {
  it('is there after a reload, and in sessionStorage only while the page is seen', async () => {
    const { openTab, initialize, keys } = setUp()
    const tab = openTab()
    const id = await initialize(tab)
    tab.store.setDraft(id, 'typing')
    expect(tab.store.draftOf(id)).toBe('typing')
    expect(keys('/draft/')).toEqual([])
    const again = tab.reload()
    expect(await initialize(again)).toBe(id)
    expect(again.store.draftOf(id)).toBe('typing')
  })

  it('is shared once the page is hidden, and read by the tab that has the conversation then', async () => {
    const { openTab, initialize, keys } = setUp()
    const tab = openTab()
    const id = await initialize(tab)
    tab.store.setDraft(id, 'typing')
    tab.tab.tell('hidden')
    expect(keys('/draft/')).toHaveLength(1)
    tab.tab.close()
    const other = openTab()
    expect(await initialize(other)).toBe(id) // nothing was said in it yet
    expect(other.store.draftOf(id)).toBe('typing')
  })

  it('is not read by a tab that only watches', async () => {
    const { openTab, initialize, clock } = setUp()
    const [tab, other] = [openTab(), openTab()]
    const id = await initialize(tab)
    tab.store.recordMessage(say('hello'))
    tab.store.setDraft(id, 'typing')
    tab.tab.tell('hidden')
    await other.store.initConversation('w', { conversationId: id })
    expect(other.store.getState().status).toBe('watching')
    expect(other.store.draftOf(id)).toBe('')
    const taken = other.store.takeOver()
    await clock.advance(2_000)
    expect(await taken).toBe(true)
    expect(other.store.draftOf(id)).toBe('typing')
  })

  it('of this tab wins over the one that another left', async () => {
    const { openTab, initialize } = setUp()
    const tab = openTab()
    const id = await initialize(tab)
    tab.store.setDraft(id, 'theirs')
    tab.tab.close()
    const other = openTab()
    await initialize(other)
    other.store.setDraft(id, 'mine')
    expect(other.store.draftOf(id)).toBe('mine')
  })

  it('is gone when it is cleared, from both storages', async () => {
    const { openTab, initialize, keys } = setUp()
    const tab = openTab()
    const id = await initialize(tab)
    tab.store.setDraft(id, 'typing')
    tab.tab.tell('hidden')
    tab.store.setDraft(id, '')
    tab.tab.tell('hidden')
    expect(tab.store.draftOf(id)).toBe('')
    expect(keys('/draft/')).toEqual([])
    expect(keysOf(tab.tab.sessionStorage).filter((key) => key.includes('/draft/'))).toEqual([])
  })

  it('is one of the newest fifty that are kept', async () => {
    const { openTab, initialize, keys, clock } = setUp()
    const tab = openTab()
    await initialize(tab)
    for (let at = 0; at < 60; at++) {
      tab.store.setDraft(`c${at}`, `draft ${at}`)
      await clock.advance(1)
    }
    tab.tab.tell('hidden')
    expect(keys('/draft/')).toHaveLength(50)
    expect(keys('/draft//c9')).toEqual([])
    expect(keys('/draft//c59')).toHaveLength(1)
  })

  it('of a sign-in that ended is not there, and is removed', async () => {
    const { openTab, initialize, keys, browser } = setUp()
    const ada = openTab({ userId: 'ada' })
    const id = await initialize(ada)
    ada.store.setDraft(id, 'typing')
    ada.tab.tell('hidden')
    const [key = ''] = keys('/draft/')
    const left = browser.localStorage.getItem(key) ?? ''
    await ada.store.signOut()
    expect(keys('/draft/')).toEqual([])
    browser.localStorage.setItem(key, left) // by a page that was late
    const again = openTab({ userId: 'ada' })
    await initialize(again)
    expect(again.store.draftOf(id)).toBe('')
    again.store.setDraft('other', 'new')
    again.tab.tell('hidden')
    expect(keys('/draft/')).toEqual([expect.stringContaining('other')])
  })

  it('is kept nowhere with persistContent: false, and works in the page', async () => {
    const { openTab, initialize, keys } = setUp({ persistContent: false })
    const tab = openTab()
    const id = await initialize(tab)
    tab.store.setDraft(id, 'typing')
    tab.tab.tell('hidden')
    expect(tab.store.draftOf(id)).toBe('typing')
    expect(keys('/draft/')).toEqual([])
    expect(keysOf(tab.tab.sessionStorage).filter((key) => key.includes('/draft/'))).toEqual([])
    const again = tab.reload()
    await initialize(again)
    expect(again.store.draftOf(id)).toBe('')
  })

  it('makes a link to a conversation in which nothing was said open it', async () => {
    const { openTab, initialize } = setUp({ resume: 'new' })
    const tab = openTab()
    const id = await initialize(tab)
    tab.store.setDraft(id, 'typing')
    tab.tab.close()
    const other = openTab()
    expect(await other.store.initConversation('w', { conversationId: id })).toBe(id)
    expect(other.store.draftOf(id)).toBe('typing')
    expect(other.events).toEqual([])
  })

  it('keeps the conversation in the tab that types when a reloading page asks for it', async () => {
    const { openTab, clock, initialize } = setUp()
    const a = openTab()
    const id = await initialize(a)
    a.store.recordMessage(say('hello'))
    await clock.advance(1_000)
    const again = a.reload() // its script is late
    const b = openTab()
    expect(await initialize(b)).toBe(id)
    b.store.setDraft(id, 'typing')
    expect(await initialize(again)).toBe(id)
    expect(again.store.getState().status).toBe('watching')
    expect(b.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
  })

  it('needs the option', async () => {
    const { openTab, initialize } = setUpTabs()
    const tab = openTab()
    const id = await initialize(tab)
    expect(() => tab.store.setDraft(id, 'x')).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(() => tab.store.draftOf(id)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})
