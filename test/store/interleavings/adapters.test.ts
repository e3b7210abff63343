import { describe, expect, it } from 'vitest'
import { localStorageAdapter } from '../../../src/adapters/local-storage/local-storage-adapter.js'
import { memoryAdapter } from '../../../src/adapters/memory/memory-adapter.js'
import type { SessionStore } from '../../../src/store/session-store.js'
import { deferred, type Gate, gated } from '../../support/gated.js'
import { changeTo, session } from '../../support/session.js'
import { faulty, setUp } from '../../support/tabs.js'

const name = 'claude-session-storage'
const say = (text: string) => ({ role: 'user' as const, text })
const ids = (store: SessionStore) => store.getState().sessions.map(({ conversationId }) => conversationId)

describe('persistContent: false', () => {
  async function withContent(_own = {}) {
    const s = setUp()
    const a = s.openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('a secret'))
    a.store.renameConversation(id, 'Top secret')
    await s.clock.advance(2000)
    a.store.newConversation()
    a.store.recordMessage(say('later'))
    await s.clock.advance(2000)
    await a.store.dispose()
    return { ...s, id }
  }
  it('opening by id, outside the ring', async () => {
    const { openTab, id } = await withContent()
    const { store } = openTab({ persistContent: false, capacity: 1 })
    await store.initConversation('w', { conversationId: id })
    expect(JSON.stringify(store.getState())).not.toContain('secret')
  })
  it('a row that another tab stored with content', async () => {
    const { openTab, clock } = setUp({
      adapter: (() => {
        const { subscribe: _, ...a } = memoryAdapter()
        return a
      })(),
      snapshot: false,
    })
    const a = openTab({ persistContent: false })
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('x'))
    await clock.advance(2000)
    const b = openTab()
    await b.store.initConversation('w')
    b.store.renameConversation(id, 'Top secret')
    await clock.advance(2000)
    a.store.recordMessage(say('y'))
    await clock.advance(2000)
    expect(JSON.stringify(a.store.getState())).not.toContain('secret')
  })
})

describe('reading', () => {
  it('shows nothing older because it arrives later', async () => {
    const { subscribe: _, ...account } = memoryAdapter()
    const { openTab, settle } = setUp({ adapter: account, snapshot: false })
    const gate: Gate = {}
    const [a, b] = [openTab(), openTab({ adapter: gated(account, gate) })]
    await a.store.initConversation('w')
    const counts = () => b.store.getState().sessions.map(({ messageCount }) => messageCount)
    const sayIn = async (text: string) => {
      a.store.recordMessage(say(text))
      await a.store.flush()
      await settle()
    }
    await sayIn('one')
    await b.store.initConversation('w')
    await settle()
    const slow = deferred()
    gate.get = slow.p
    await sayIn('two')
    gate.get = undefined
    await sayIn('three')
    expect(counts()).toEqual([3])
    slow.open()
    await settle()
    expect(counts()).toEqual([3])
  })
})

describe('dispose', () => {
  it('a disposed store stays silent', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store, events } = openTab()
    await store.initConversation('w')
    await settle()
    store.recordMessage(say('x'))
    await settle()
    fault.error = new Error('down')
    store.recordMessage(say('x'))
    await store.dispose()
    await clock.advance(60_000)
    expect(events).toEqual([])
  })
})

describe('a localStorage part that was folded', () => {
  const day = 24 * 60 * 60 * 1_000
  const say20 = async (store: SessionStore, id: string, pass: (ms: number) => Promise<void>, first = 0) => {
    for (let at = first; at < first + 20; at++) {
      store.recordMessage({ ...say(`message ${at}`), conversationId: id, messageId: `m-${at}` })
      await pass(1_100)
    }
  }

  it.each([0, 20])(
    'is counted once when its silent author says more, after %i other scopes arrived',
    async (others) => {
      const { openTab, clock, keys } = setUp()
      const author = openTab()
      const id = await author.store.initConversation('w')
      for (let count = 0; count < 3; count++) author.store.recordMessage(say('hello'))
      await clock.advance(2_000)
      await clock.advance(day)
      const folder = openTab()
      await folder.store.initConversation('w', { conversationId: id })
      if (others > 0) await say20(folder.store, id, clock.advance)
      else folder.store.recordMessage({ ...say('one'), conversationId: id })
      await clock.advance(2_000)
      expect(keys(`/part//w/${id}/`)).toHaveLength(1)
      author.store.recordMessage(say('again'))
      author.store.recordMessage(say('and again'))
      await clock.advance(2_000)
      if (others > 0) await say20(folder.store, id, clock.advance, 20)
      author.store.recordMessage(say('the last'))
      await clock.advance(2_000)
      const said = others > 0 ? 6 + 40 : 6 + 1
      const reader = openTab()
      await reader.store.initConversation('w')
      await clock.advance(2_000)
      expect(reader.store.getState().sessions).toMatchObject([{ conversationId: id, messageCount: said }])
    },
  )

  it('is counted once by a page that remembers many scopes of its own', async () => {
    const { openTab, clock, keys } = setUp()
    const author = openTab()
    const id = await author.store.initConversation('w')
    for (let count = 0; count < 3; count++) author.store.recordMessage(say('hello'))
    await clock.advance(2_000)
    const folder = openTab()
    await folder.store.initConversation('w', { conversationId: id })
    await say20(folder.store, id, clock.advance)
    await clock.advance(day)
    await say20(folder.store, id, clock.advance, 20)
    expect(keys(`/part//w/${id}/`)).toHaveLength(1)
    author.store.recordMessage(say('again'))
    await clock.advance(2_000)
    const reader = openTab()
    await reader.store.initConversation('w')
    await clock.advance(2_000)
    expect(reader.store.getState().sessions).toMatchObject([{ conversationId: id, messageCount: 3 + 40 + 1 }])
  })

  it.each([10, 20, 40])('counts once what one page says beside %i messages with ids', async (count) => {
    const { openTab, clock } = setUp()
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('hello'))
    await clock.advance(2_000)
    for (let at = 0; at < count; at++) store.recordMessage({ ...say('hello'), messageId: `at once ${at}` })
    store.recordMessage(say('with these'))
    await clock.advance(2_000)
    for (let at = 0; at < count; at++) {
      store.recordMessage({ ...say('hello'), messageId: `one by one ${at}` })
      await clock.advance(1_100)
    }
    store.recordMessage(say('the last'))
    await clock.advance(2_000)
    const reader = openTab()
    await reader.store.initConversation('w')
    await clock.advance(2_000)
    expect(reader.store.getState().sessions).toMatchObject([{ conversationId: id, messageCount: 3 + 2 * count }])
  })
})

describe('adapters', () => {
  it('a row beside its tombstone (a racing writer) is not listed', async () => {
    const { browser, keys } = setUp()
    const tab = browser.openTab()
    const adapter = localStorageAdapter(tab)
    await adapter.save([changeTo(session({ messageCount: 1 }))])
    const [part = ''] = keys('/part//w/c1/')
    const bytes = browser.localStorage.getItem(part) ?? ''
    await adapter.remove('', ['c1'])
    browser.localStorage.setItem(part, bytes) // read before, written after
    expect(await adapter.list('', { limit: 9 })).toEqual({ sessions: [] })
    expect(await adapter.get('', 'c1')).toBe('removed')
  })

  it('a tab that sees the row go before its tombstone comes does not put it back', async () => {
    const { browser, openTab, clock, settle, keys } = setUp()
    const a = openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('x'))
    await clock.advance(2000)
    a.tab.crash()
    const b = openTab()
    expect(await b.store.initConversation('w')).toBe(id)
    await settle()
    // Another renderer removes: this one hears of each write by itself, as Chromium sends them.
    const [key = ''] = keys(`/part//w/${id}/`)
    browser.localStorage.removeItem(key)
    b.tab.events.dispatchEvent(Object.assign(new Event('storage'), { key }))
    await settle()
    browser.localStorage.setItem(`${name}/removed//${id}`, '1000000')
    b.tab.events.dispatchEvent(Object.assign(new Event('storage'), { key: `${name}/removed//${id}` }))
    await clock.advance(5000)
    expect.soft(ids(b.store)).not.toContain(id)
    expect.soft(b.events.map((e) => e.type)).toContain('conversation-lost')
    expect(keys('/part/')).toEqual([])
  })
})
