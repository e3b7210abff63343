import { describe, expect, it, onTestFinished } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { faulty, setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })
const answer = (text: string) => ({
  role: 'assistant' as const,
  text,
  usage: { input: 10, output: 5, cacheRead: 1, cacheWrite: 2 },
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

  it('saves a first message and a title at once, and nothing before', async () => {
    const { adapter, calls } = faulty(memoryAdapter())
    const { openTab, settle, clock } = setUp({ adapter })
    const { store } = openTab()
    const id = store.newConversation('w')
    expect(store.getState()).toMatchObject({ currentConversationId: id, currentWorkspace: 'w', sessions: [] })
    await clock.advance(60_000)
    expect(calls.saved).toBe(0)
    store.recordMessage(say('one'))
    await settle()
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 1, title: 'one' })
    store.renameConversation(id, '  Holidays ')
    await settle()
    expect(await adapter.get('', id)).toMatchObject({ title: 'Holidays' })
    store.recordMessage(say('two')) // within the same second
    await settle()
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 1 })
  })

  it('flushes when the page is hidden, in the same task', async () => {
    const { browser, openTab, clock, keys } = setUp()
    const { store, tab } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await clock.advance(0)
    store.recordMessage(say('two'))
    tab.tell('hidden')
    const [part = ''] = keys(`/part//w/${id}/`)
    expect(browser.localStorage.getItem(part)).toContain('"messages":2')
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
    const row = await adapter.get('', id)
    expect(typeof row === 'object' && row.messageCount).toBeGreaterThanOrEqual(2)
    await store.flush()
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 3 })
  })

  it('rejects flush with the typed error, shows it, and retries automatically', async () => {
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
    const row = await adapter.get('', id)
    if (typeof row !== 'object') throw new Error('not stored')
    const { rank: _, ...stored } = row
    expect(stored).toMatchObject({ messageCount: 41, title: 'Both', tokenUsage: { input: 200, output: 100 } })
    expect(a.store.getState().sessions).toEqual([stored])
    expect(b.store.getState().sessions).toEqual([stored])
  })

  it('does not wait forever for an adapter that hangs', async () => {
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
    const { openTab, browser, clock, keys } = setUp()
    const { store, events } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await clock.advance(1_000)
    const newer = JSON.stringify({ schemaVersion: 99 })
    const [part = ''] = keys(`/part//w/${id}/`)
    browser.localStorage.setItem(part, newer)
    store.recordMessage(say('two'))
    store.recordMessage(say('three'))
    await clock.advance(60_000)
    expect(browser.localStorage.getItem(part)).toBe(newer)
    expect(events.filter(({ type }) => type === 'newer-version').length).toBeGreaterThanOrEqual(1)
    expect(store.getState()).toMatchObject({ sessions: [{ messageCount: 3 }], saving: { pending: 0 } })
  })

  it('leaves cleared what was cleared under an open tab, and saves what is said afterwards', async () => {
    const { openTab, browser, clock, keys, stored } = setUp()
    const { store, tab, events } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await clock.advance(1_000)
    browser.localStorage.clear()
    tab.events.dispatchEvent(Object.assign(new Event('storage'), { key: null }))
    await clock.advance(5_000)
    expect(keys('/part/')).toEqual([])
    expect(store.getState()).toMatchObject({ currentConversationId: id, sessions: [] })
    store.recordMessage(say('two'))
    await clock.advance(1_000)
    expect(await stored(id)).toMatchObject({ messageCount: 1, lastMessagePreview: 'two' })
    expect(store.getState().sessions).toMatchObject([{ conversationId: id, messageCount: 1 }])
    expect(events).toEqual([])
  })

  it('saves what was said after the last answer when the storage is found to be cleared', async () => {
    const { openTab, browser, clock, stored } = setUp()
    const { store, events } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await clock.advance(1_000)
    browser.localStorage.clear() // and no event of it arrives
    store.recordMessage(say('two'))
    store.recordMessage(say('three'))
    await store.flush()
    expect(await stored(id)).toMatchObject({ messageCount: 2, lastMessagePreview: 'three' })
    expect(store.getState().sessions).toMatchObject([{ messageCount: 2 }])
    expect(events).toEqual([])
  })

  it('is not disturbed when a listener throws', async () => {
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
    expect(told).toEqual(['conversation-redirected'])
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
