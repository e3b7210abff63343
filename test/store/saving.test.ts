import { describe, expect, it, onTestFinished } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { faulty, setUp } from '../support/tabs.js'

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
    expect(byId.get(second)).toBe(0)
  })

  it('reads a conversation it did not know before adding to it', async () => {
    const { openTab, settle } = setUp()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await settle()
    const { store } = openTab({ resume: 'new' })
    store.recordMessage({ ...say('two'), conversationId: id })
    await settle()
    expect(store.getState().sessions).toMatchObject([{ conversationId: id, messageCount: 2, revision: 2 }])
  })

  it('says so if there is no such conversation', async () => {
    const { openTab, settle } = setUp()
    const { store, events } = openTab()
    store.recordMessage({ ...say('where?'), conversationId: 'nowhere' })
    await settle()
    expect(events).toEqual([{ type: 'conversation-lost', conversationId: 'nowhere', reason: 'not-found' }])
    expect(store.getState().saving.pending).toBe(0)
  })

  it('leaves titles and previews out of storage and state with persistContent: false', async () => {
    const { openTab, browser, settle } = setUp({ persistContent: false })
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('a secret'))
    store.renameConversation(id, 'Top secret')
    await settle()
    const values = Array.from({ length: browser.localStorage.length }, (_, index) =>
      browser.localStorage.getItem(browser.localStorage.key(index) ?? ''),
    )
    expect(values.join()).not.toContain('secret')
    expect(JSON.stringify(store.getState())).not.toContain('secret')
    expect(store.getState().sessions).toMatchObject([{ messageCount: 1 }])
  })
})

describe('saving', () => {
  it('writes activity at most once a second, and the last value lands', async () => {
    const { adapter, calls } = faulty(memoryAdapter())
    const { openTab, clock } = setUp({ adapter })
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('hello'))
    await clock.advance(0)
    const before = calls.saved
    for (let step = 0; step < 300; step++) {
      store.updateActivity()
      await clock.advance(15)
    }
    await clock.advance(1_000)
    expect(calls.saved - before).toBeLessThanOrEqual(6) // 4.5 s
    expect(await adapter.get('', id)).toMatchObject({ lastActivity: 1_000_000 + 299 * 15 })
  })

  it('saves a new chat and a title at once', async () => {
    const { adapter } = faulty(memoryAdapter())
    const { openTab, settle } = setUp({ adapter })
    const { store } = openTab()
    const id = store.newConversation('w')
    expect(store.getState()).toMatchObject({ currentConversationId: id, currentWorkspace: 'w' })
    await settle()
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 0, revision: 1 })
    store.renameConversation(id, '  Holidays ')
    await settle()
    expect(await adapter.get('', id)).toMatchObject({ title: 'Holidays', revision: 2 })
  })

  it('flushes when the page is hidden, in the same task', async () => {
    const { browser, openTab, clock } = setUp()
    const { store, tab } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await clock.advance(0)
    store.recordMessage(say('two'))
    tab.tell('hidden')
    expect(browser.localStorage.getItem(`claude-session-storage/row//w/${id}`)).toContain('"messageCount":2')
  })

  it('resolves flush when everything so far is stored', async () => {
    const { adapter } = faulty(memoryAdapter())
    const { openTab } = setUp({ adapter })
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    store.recordMessage(say('two'))
    const flushed = store.flush()
    store.recordMessage(say('three'))
    await flushed
    expect((await adapter.get('', id))?.messageCount).toBeGreaterThanOrEqual(2)
    await store.flush()
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 3 })
  })

  it('rejects flush with the typed error, shows it, and tries again by itself', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store, events } = openTab()
    const id = await store.initConversation('w')
    await settle()
    fault.error = Object.assign(new Error('no room'), { name: 'QuotaExceededError' })
    store.recordMessage(say('one'))
    await expect(store.flush()).rejects.toMatchObject({ code: 'quota-exceeded', cause: { message: 'no room' } })
    expect(store.getState()).toMatchObject({
      status: 'degraded',
      saving: { pending: 1, error: { code: 'quota-exceeded' } },
    })
    expect(events.map(({ type }) => type)).toContain('save-failed')
    fault.error = undefined
    await clock.advance(5_000)
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 1 })
    expect(store.getState()).toMatchObject({ status: 'ready', saving: { pending: 0, error: undefined } })
  })

  it('counts nothing twice when the answer to a save was lost', async () => {
    const real = memoryAdapter()
    let losing = false
    const adapter = {
      ...real,
      async save(changes: Parameters<typeof real.save>[0]) {
        const refusals = await real.save(changes)
        if (losing) throw new Error('the answer was lost')
        return refusals
      },
    }
    const { openTab, clock, settle } = setUp({ adapter })
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await settle()
    losing = true
    store.recordMessage(answer('two'))
    await expect(store.flush()).rejects.toMatchObject({ code: 'storage-unavailable' })
    store.recordMessage(say('three'))
    losing = false
    await clock.advance(5_000)
    expect(await real.get('', id)).toMatchObject({ messageCount: 3, tokenUsage: { input: 10 } })
    expect(store.getState().sessions).toMatchObject([{ messageCount: 3, tokenUsage: { input: 10 } }])
  })

  it('adds to what another tab saved in between, and both see the same', async () => {
    const adapter = memoryAdapter()
    const { openTab, clock } = setUp({ adapter })
    const [a, b] = [openTab(), openTab()]
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('a0'))
    await clock.advance(1_000)
    await b.store.initConversation('w')
    for (let round = 0; round < 20; round++) {
      a.store.recordMessage(say(`a${round}`))
      b.store.recordMessage({ ...answer(`b${round}`), conversationId: id })
      if (round === 10) b.store.renameConversation(id, 'Both')
      await clock.advance(round * 97)
    }
    await clock.advance(3_000)
    const stored = await adapter.get('', id)
    expect(stored).toMatchObject({ messageCount: 41, title: 'Both', tokenUsage: { input: 200, output: 100 } })
    expect(a.store.getState().sessions).toEqual([stored])
    expect(b.store.getState().sessions).toEqual([stored])
  })

  it('does not wait for ever for an adapter that hangs', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store } = openTab()
    const id = await store.initConversation('w')
    await settle()
    fault.hang = true
    store.recordMessage(say('one'))
    await clock.advance(10_000)
    expect(store.getState().saving.error).toMatchObject({ code: 'unreachable' })
    fault.hang = false
    await clock.advance(30_000)
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 1 })
  })

  it('stops saving a row that newer code wrote, and says so', async () => {
    const { openTab, browser, clock } = setUp()
    const { store, events } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await clock.advance(1_000)
    const newer = JSON.stringify({ schemaVersion: 99 })
    browser.localStorage.setItem(`claude-session-storage/row//w/${id}`, newer)
    store.recordMessage(say('two'))
    store.recordMessage(say('three'))
    await clock.advance(60_000)
    expect(browser.localStorage.getItem(`claude-session-storage/row//w/${id}`)).toBe(newer)
    expect(events.filter(({ type }) => type === 'newer-version').length).toBeGreaterThanOrEqual(1)
    expect(store.getState()).toMatchObject({ sessions: [{ messageCount: 3 }], saving: { pending: 0 } })
  })

  it('puts back what an open tab shows when the storage was cleared under it', async () => {
    const { openTab, browser, clock } = setUp()
    const { store, tab, events } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await clock.advance(1_000)
    browser.localStorage.clear()
    tab.events.dispatchEvent(Object.assign(new Event('storage'), { key: null }))
    await clock.advance(1_000)
    expect(browser.localStorage.getItem(`claude-session-storage/row//w/${id}`)).toContain('"messageCount":1')
    store.recordMessage(say('two'))
    await clock.advance(1_000)
    expect(store.getState().sessions).toMatchObject([{ conversationId: id, messageCount: 2 }])
    expect(events).toEqual([])
  })

  it('harms nobody when a listener throws', async () => {
    const { openTab } = setUp()
    const { store, events } = openTab()
    const told: string[] = []
    const uncaught = new Promise<Error>((resolve) => {
      process.once('uncaughtException', resolve)
      onTestFinished(() => void process.off('uncaughtException', resolve))
    })
    store.on(() => {
      throw new Error('the app’s own')
    })
    store.on(({ type }) => told.push(type))
    const a = await store.initConversation('a')
    store.recordMessage(say('one'))
    await store.initConversation('b', { conversationId: a })
    expect(told).toEqual(['moved'])
    expect(events).toHaveLength(1)
    expect(await uncaught).toMatchObject({ message: 'the app’s own' })
  })
})

describe('a disposed store', () => {
  it('has saved what was left, stays silent, and refuses work', async () => {
    const { adapter } = faulty(memoryAdapter())
    const { openTab, clock } = setUp({ adapter })
    const { store, events } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await store.dispose()
    await store.dispose()
    const state = store.getState()
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 1 })
    await adapter.remove('', [id])
    await clock.advance(60_000)
    expect(store.getState()).toBe(state)
    expect(events).toEqual([])
    expect(() => store.newConversation('w')).toThrow(expect.objectContaining({ code: 'disposed' }))
  })
})
