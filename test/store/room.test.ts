import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { changeTo, session } from '../support/session.js'
import { setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })
const day = 24 * 60 * 60 * 1_000

/** Stores `count` conversations, `<prefix>-0` the newest. */
async function fill(adapter: SessionAdapter, count: number, { prefix = 'old', workspace = 'w', at = 1_000 } = {}) {
  const rows = Array.from({ length: count }, (_, index) =>
    session({ conversationId: `${prefix}-${index}`, workspace, lastActivity: at + count - index, messageCount: 1 }),
  )
  expect(await adapter.save(rows.map((row) => changeTo(row)))).toEqual([])
}

async function idsOf(adapter: SessionAdapter): Promise<string[]> {
  const { sessions } = await adapter.list('', { limit: 1_000 })
  return sessions.map(({ conversationId }) => conversationId)
}

describe('rows that were not used for long', () => {
  it('stay: no clock of a browser deletes anything', async () => {
    const adapter = memoryAdapter()
    await fill(adapter, 120)
    const { openTab, clock } = setUp({ adapter })
    const { store, events } = openTab()
    await store.initConversation('w2')
    await clock.advance(1_000 * day)
    store.recordMessage(say('new'))
    await clock.advance(60_000)
    expect(await idsOf(adapter)).toHaveLength(121)
    expect(events).toEqual([])
  })
})

describe('more conversations than the device keeps', () => {
  it('lose the oldest ten seconds after opening, and the app gets their ids', async () => {
    const adapter = memoryAdapter()
    await fill(adapter, 25)
    const { openTab, clock } = setUp({ adapter, maxConversations: 20, resume: 'new' })
    const { store, events } = openTab()
    await store.initConversation('w')
    await clock.advance(9_999)
    expect(await idsOf(adapter)).toHaveLength(25)
    await clock.advance(1)
    const kept = Array.from({ length: 20 }, (_, at) => `old-${at}`)
    expect(await idsOf(adapter)).toEqual(kept)
    expect(events).toEqual([
      { type: 'conversations-expired', conversationIds: ['old-20', 'old-21', 'old-22', 'old-23', 'old-24'] },
    ])
    expect(store.getState().sessions.map(({ conversationId }) => conversationId)).toEqual(kept)
  })

  it('keep ten of each workspace, however old', async () => {
    const adapter = memoryAdapter()
    await fill(adapter, 12, { prefix: 'ancient', workspace: 'quiet', at: 10 })
    await fill(adapter, 30, { workspace: 'busy' })
    const { openTab, clock } = setUp({ adapter, maxConversations: 5 })
    const { store, events } = openTab()
    await store.initConversation('elsewhere')
    await clock.advance(10_000)
    const left = await idsOf(adapter)
    expect(left.filter((id) => id.startsWith('old'))).toHaveLength(10)
    expect(left.filter((id) => id.startsWith('ancient'))).toHaveLength(10)
    expect(left).toContain('ancient-0')
    expect(left).not.toContain('ancient-11')
    expect(events).toHaveLength(1)
  })

  it('keep those that a tab has open', async () => {
    const adapter = memoryAdapter()
    await fill(adapter, 15)
    const { openTab, clock } = setUp({ adapter, maxConversations: 10 })
    const [here, there] = [openTab(), openTab()]
    await there.store.initConversation('w', { conversationId: 'old-14' })
    await here.store.initConversation('w', { conversationId: 'old-13' })
    await clock.advance(10_000)
    const left = await idsOf(adapter)
    expect(left).toHaveLength(12)
    expect(left).toEqual(expect.arrayContaining(['old-13', 'old-14']))
  })

  it('are the account’s to keep', async () => {
    const adapter: SessionAdapter = { ...memoryAdapter(), place: 'account' }
    await fill(adapter, 25)
    const { openTab, clock } = setUp({ adapter, maxConversations: 10 })
    await openTab().store.initConversation('w')
    await clock.advance(60_000)
    expect(await idsOf(adapter)).toHaveLength(25)
  })
})

describe('a full storage', () => {
  it('is reported, and nothing is removed to make room', async () => {
    const real = memoryAdapter()
    await fill(real, 40)
    let isFull = true
    const adapter: SessionAdapter = {
      ...real,
      async save(changes) {
        if (isFull) throw Object.assign(new Error('full'), { name: 'QuotaExceededError' })
        return real.save(changes)
      },
    }
    const { openTab, clock } = setUp({ adapter, resume: 'new' })
    const { store, events } = openTab()
    const id = await store.initConversation('w2')
    store.recordMessage(say('one more'))
    await clock.advance(10 * 60_000)
    expect(await idsOf(real)).toHaveLength(40)
    expect(store.getState()).toMatchObject({
      status: 'degraded',
      saving: { pending: 1, error: { code: 'quota-exceeded' } },
    })
    expect(events.map(({ type }) => type)).toContain('degraded')
    isFull = false
    await clock.advance(60_000)
    expect(await real.get('', id)).toMatchObject({ messageCount: 1 })
    expect(store.getState().status).toBe('ready')
  })
})
