import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../../src/second/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../../src/second/core/adapter.js'
import { session } from '../../support/session.js'
import { setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })
const day = 24 * 60 * 60 * 1_000

async function fill(adapter: SessionAdapter, count: number, at: (index: number) => number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) =>
    session({ conversationId: `old-${index}`, lastActivity: at(index), messageCount: 1 }),
  )
  await adapter.save(rows.map((row) => ({ session: row, base: 0, saveId: row.conversationId })))
}

describe('rows that nobody used for long', () => {
  it('go after retentionDays, however many, and no others', async () => {
    const adapter = memoryAdapter()
    const { openTab, clock, settle } = setUp({ adapter, retentionDays: 90 })
    await clock.advance(200 * day)
    await fill(adapter, 120, () => clock.now() - 91 * day)
    await adapter.save([
      { session: session({ conversationId: 'young', lastActivity: clock.now() - 89 * day }), base: 0, saveId: 's' },
    ])
    const { store, events } = openTab()
    await store.initConversation('w2')
    store.recordMessage(say('new'))
    await settle()
    await settle()
    expect((await adapter.list('', { limit: 200 })).map(({ conversationId }) => conversationId)).toEqual([
      store.getState().currentConversationId,
      'young',
    ])
    expect(store.getState().sessions).toHaveLength(2)
    expect(events).toEqual([])
  })

  it('stay while they are open', async () => {
    const adapter = memoryAdapter()
    const { openTab, clock, settle } = setUp({ adapter })
    await clock.advance(200 * day)
    await fill(adapter, 1, () => 5)
    const { store } = openTab()
    expect(await store.initConversation('w')).toBe('old-0')
    await settle()
    expect(await adapter.get('', 'old-0')).toBeDefined()
  })
})

describe('a full storage', () => {
  /** Holds at most `capacity` rows. */
  function small(capacity: number) {
    const real = memoryAdapter()
    let refused = 0
    const adapter: SessionAdapter = {
      ...real,
      async save(changes) {
        for (const change of changes) {
          const { userId, conversationId } = change.session
          const isNew = (await real.get(userId, conversationId)) === undefined
          if (isNew && change.base === 0 && (await real.list(userId, { limit: 1_000 })).length >= capacity) {
            refused++
            throw Object.assign(new Error('full'), { name: 'QuotaExceededError' })
          }
        }
        return real.save(changes)
      },
    }
    return { adapter, refused: () => refused }
  }

  it('makes room by removing the oldest, not at the first complaint', async () => {
    const { adapter, refused } = small(30)
    await fill(adapter, 30, (index) => 1_000_000 - index)
    const { openTab, clock } = setUp({ adapter, resume: 'new' })
    const { store } = openTab()
    const id = await store.initConversation('w2')
    store.recordMessage(say('one more'))
    await clock.advance(0)
    expect(refused()).toBe(1)
    expect(await adapter.list('', { limit: 100 })).toHaveLength(30)
    expect(store.getState()).toMatchObject({ status: 'degraded', saving: { error: { code: 'quota-exceeded' } } })
    await clock.advance(5_000)
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 1 })
    const left = await adapter.list('', { limit: 100 })
    expect(left).toHaveLength(21)
    expect(left.map(({ conversationId }) => conversationId)).toContain('old-0')
    expect(left.map(({ conversationId }) => conversationId)).not.toContain('old-29')
    expect(store.getState().status).toBe('ready')
  })

  it('removes no more when that does not help', async () => {
    const { adapter } = small(0)
    const real = memoryAdapter()
    await fill(real, 40, (index) => index)
    const full: SessionAdapter = { ...real, save: adapter.save }
    const { openTab, clock } = setUp({ adapter: full, resume: 'new' })
    const { store } = openTab()
    await store.initConversation('w2')
    store.recordMessage(say('one more'))
    await clock.advance(10 * 60_000)
    expect(await real.list('', { limit: 100 })).toHaveLength(30)
    expect(store.getState().saving.pending).toBe(1)
  })
})
