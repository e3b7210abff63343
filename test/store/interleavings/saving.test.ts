import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../../src/adapters/memory/memory-adapter.js'
import type { TokenUsage } from '../../../src/core/session.js'
import type { SessionAdapter } from '../../../src/core/session-adapter.js'
import type { SessionStore } from '../../../src/store/session-store.js'
import { deferred, type Gate, gated } from '../../support/gated.js'
import { faulty, setUp } from '../../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })
const ids = (store: SessionStore) => store.getState().sessions.map(({ conversationId }) => conversationId)

describe('saving', () => {
  it('after a failed save whose row was then cleared: status recovers', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store } = openTab()
    const b = await store.initConversation('b')
    store.recordMessage(say('b'))
    await settle()
    await store.initConversation('a')
    await settle()
    fault.error = Object.assign(new Error('full'), { name: 'QuotaExceededError' })
    store.recordMessage(say('a'))
    await settle()
    fault.error = undefined
    await store.clearWorkspaceConversation('a') // as the error's text says
    await store.initConversation('b')
    await clock.advance(60_000)
    expect.soft(store.getState().status).toBe('ready')
    store.recordMessage(say('b2'))
    await clock.advance(600_000)
    expect(await adapter.get('', b)).toMatchObject({ messageCount: 2 }) // saved at all without hiding the page
  })

  it('activity of a conversation not yet stored is coalesced while saving fails', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store, events } = openTab()
    await store.initConversation('w')
    await settle()
    let attempts = 0
    const save = adapter.save
    adapter.save = (changes) => {
      attempts++
      return save(changes)
    }
    fault.error = new Error('offline')
    for (let i = 0; i < 100; i++) {
      store.updateActivity()
      await clock.advance(10)
    }
    expect.soft(attempts).toBeLessThanOrEqual(3)
    expect(events.filter((e) => e.type === 'save-failed').length).toBeLessThanOrEqual(3)
  })

  it('a hang with 30 updates does not block a later flush for minutes', async () => {
    const { adapter } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    adapter.save = () => new Promise(() => {})
    for (let i = 0; i < 30; i++) store.updateActivity()
    let settled = false
    store.flush().then(
      () => {
        settled = true
      },
      () => {
        settled = true
      },
    )
    await clock.advance(25_000)
    expect(settled).toBe(true)
  })

  it('flush includes what was recorded about a conversation not yet read', async () => {
    const adapter = memoryAdapter()
    const { openTab, settle } = setUp({ adapter })
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await settle()
    const { store } = openTab()
    store.recordMessage({ ...say('two'), conversationId: id })
    await store.flush()
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 2 })
  })
  it('dispose includes it too', async () => {
    const adapter = memoryAdapter()
    const { openTab, settle } = setUp({ adapter })
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await settle()
    const { store } = openTab()
    store.recordMessage({ ...say('two'), conversationId: id })
    await store.dispose()
    await settle()
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 2 })
  })

  it('flush rejects once for what was refused, which is dropped', async () => {
    const real = memoryAdapter()
    let refuses = false
    const adapter: SessionAdapter = {
      ...real,
      save: async (changes) =>
        refuses
          ? changes.map(({ conversationId }) => ({ conversationId, reason: 'invalid' as const }))
          : real.save(changes),
    }
    const { openTab, settle } = setUp({ adapter, snapshot: false })
    const { store, events } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('x'))
    await settle()
    refuses = true
    store.recordMessage(say('y'))
    await expect(store.flush()).rejects.toMatchObject({ code: 'invalid-session' })
    expect(events).toMatchObject([{ type: 'save-failed', conversationId: id, error: { code: 'invalid-session' } }])
    await store.flush()
    expect(store.getState()).toMatchObject({ saving: { pending: 0 }, sessions: [{ messageCount: 1 }] })
  })

  it('one row that cannot be written does not keep the others from being saved', async () => {
    const { stored, openTab, clock, settle } = setUp()
    const t = openTab()
    const { store } = t
    const bad = store.newConversation('w')
    store.recordMessage(say('bad'))
    await settle()
    const good = store.newConversation('w')
    store.recordMessage(say('good'))
    await settle()
    const storage = t.tab.storage()
    const setItem = storage.setItem
    storage.setItem = (k, v) => {
      if (k.includes(`/part//w/${bad}/`)) throw new DOMException('full', 'QuotaExceededError')
      setItem(k, v)
    }
    store.updateActivity(bad)
    await clock.advance(1)
    store.recordMessage({ ...say('bad2'), conversationId: bad })
    store.recordMessage({ ...say('good2'), conversationId: good })
    await clock.advance(120_000)
    expect(await stored(good)).toMatchObject({ messageCount: 2 })
  })

  it('no double count: a batch fails for one row, another tab saves the other in between', async () => {
    const { stored, openTab, clock, settle } = setUp()
    const t = openTab()
    const { store } = t
    const good = store.newConversation('w')
    store.recordMessage(say('good'))
    await settle()
    const bad = store.newConversation('w')
    store.recordMessage(say('bad'))
    await clock.advance(2000)
    const other = openTab()
    await other.store.initConversation('w', { conversationId: good })
    await settle()
    const storage = t.tab.storage()
    const setItem = storage.setItem
    let full = true
    storage.setItem = (k, v) => {
      if (full && k.includes(`/part//w/${bad}/`)) throw new DOMException('full', 'QuotaExceededError')
      setItem(k, v)
    }
    store.recordMessage({ ...say('good2'), conversationId: good })
    store.recordMessage({ ...say('bad2'), conversationId: bad })
    await store.flush().catch(() => {})
    other.store.recordMessage(say('good3')) // 3 so far in `good`
    await other.store.flush()
    full = false
    await clock.advance(60_000)
    await store.flush()
    expect(await stored(good)).toMatchObject({ messageCount: 3 })
  })

  /** A tab whose save is stored and not answered yet, and another one with the same conversation. */
  async function unanswered() {
    const real = memoryAdapter()
    const gate: Gate = {}
    const { openTab, clock, settle } = setUp({ snapshot: false, adapter: real })
    const a = openTab({ adapter: gated(real, gate) })
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('x'))
    await settle()
    const b = openTab()
    await b.store.initConversation('w')
    const { p, open } = deferred()
    gate.save = p
    a.store.recordMessage(say('y'))
    await clock.advance(1000)
    return { a, b, id, clock, answer: open }
  }

  it('learns of a change that another tab made while its own save was being answered', async () => {
    const { a, b, id, clock, answer } = await unanswered()
    b.store.renameConversation(id, 'From b')
    await clock.advance(1000)
    answer()
    await clock.advance(60_000)
    expect(a.store.getState().sessions[0]).toMatchObject({ title: 'From b' })
  })

  it('learns of a removal while its own save was being answered', async () => {
    const { a, b, id, clock, answer } = await unanswered()
    await b.store.removeConversation(id)
    answer()
    await clock.advance(60_000)
    expect(ids(a.store)).not.toContain(id)
  })

  it('saving keeps its reference while nothing in it changes', async () => {
    const { openTab, clock } = setUp({ adapter: memoryAdapter() })
    const { store } = openTab()
    await store.initConversation('w')
    store.recordMessage(say('x'))
    await clock.advance(2000)
    let same = 0
    store.subscribe((s, p) => {
      if (s.saving !== p.saving && JSON.stringify(s.saving) === JSON.stringify(p.saving)) same++
    })
    store.updateActivity()
    await clock.advance(1500)
    store.recordMessage(say('y'))
    await clock.advance(1500)
    expect(same).toBe(0)
  })

  it('usage with a missing number costs neither the message nor the conversation', async () => {
    const { openTab, settle } = setUp()
    const t = openTab()
    const id = await t.store.initConversation('w')
    t.store.recordMessage(say('fine'))
    await settle()
    t.store.recordMessage({
      ...say('x'),
      usage: { input: 1, output: 2, cacheRead: null, cacheWrite: undefined } as unknown as TokenUsage,
    })
    await settle()
    const again = t.reload()
    expect(await again.store.initConversation('w')).toBe(id)
    expect(again.store.getState().sessions).toMatchObject([
      { messageCount: 2, lastMessagePreview: 'x', tokenUsage: { input: 1, output: 2 } },
    ])
  })
})
