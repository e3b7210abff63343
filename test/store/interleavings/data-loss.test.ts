import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../../src/adapters/memory/memory-adapter.js'
import { importLegacy } from '../../../src/legacy/import-legacy.js'
import type { SessionStore } from '../../../src/store/session-store.js'
import { deferred, type Gate, gated } from '../../support/gated.js'
import { faulty, setUp } from '../../support/tabs.js'

const name = 'claude-session-storage'
const say = (text: string) => ({ role: 'user' as const, text })
const ids = (store: SessionStore) => store.getState().sessions.map(({ conversationId }) => conversationId)

describe('data loss', () => {
  it('New chat does not remove an imported older conversation', async () => {
    const { openTab, browser, settle } = setUp({ legacy: importLegacy() })
    browser.localStorage.setItem(
      name,
      JSON.stringify({
        sessions: [{ conversationId: 'old-1', workspace: 'w', lastActivity: 100 }],
        currentConversationId: 'old-1',
        currentWorkspace: 'w',
      }),
    )
    const { store } = openTab()
    expect(await store.initConversation('w')).toBe('old-1')
    await settle()
    expect.soft(store.getState().isResumed).toBe(true)
    store.newConversation()
    await settle()
    expect(ids(store)).toContain('old-1')
  })

  it('New chat does not remove a conversation another device has used', async () => {
    const { subscribe: _s, ...adapter } = memoryAdapter()
    const { openTab, settle, clock } = setUp({ adapter, snapshot: false })
    const a = openTab()
    const id = a.store.newConversation('w')
    await settle()
    const device = setUp({ adapter, snapshot: false, createId: () => 'of-another-device' })
    const b = device.openTab()
    expect(await b.store.initConversation('w', { conversationId: id, createUnknown: true })).toBe(id)
    for (let i = 0; i < 20; i++) b.store.recordMessage(say('x'))
    await device.clock.advance(5000)
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 20 })
    a.store.newConversation('w')
    await clock.advance(5000)
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 20 })
  })

  it('clearWorkspaceConversation(undefined) does not clear everything', async () => {
    const { openTab, settle } = setUp()
    const { store } = openTab()
    await store.initConversation('a')
    store.recordMessage(say('x'))
    await settle()
    await store.clearWorkspaceConversation(undefined as unknown as string).catch(() => {})
    expect(store.getState().sessions).toHaveLength(1)
  })

  it('a removal queued behind a save survives dispose', async () => {
    const real = memoryAdapter()
    const gate: Gate = {}
    const adapter = gated(real, gate)
    const { openTab, settle } = setUp({ adapter, snapshot: false })
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('x'))
    await settle()
    const d = deferred()
    gate.save = d.p
    store.renameConversation(id, 'name')
    await settle()
    const removed = store.removeConversation(id)
    const disposed = store.dispose()
    d.open()
    await removed // resolves: claims success
    await disposed
    await settle()
    expect(await real.get('', id)).toBe('removed')
  })

  it('a failed removal does not show the conversation again, nor is it forgotten', async () => {
    const { adapter } = faulty(memoryAdapter())
    const { subscribe: _s, ...noSub } = adapter
    const { openTab, settle } = setUp({
      adapter: {
        ...noSub,
        remove: async () => {
          throw new Error('down')
        },
      },
    })
    const { store, tab } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('x'))
    await settle()
    await store.removeConversation(id).catch(() => {})
    tab.tell('visible')
    await settle()
    expect(ids(store)).not.toContain(id)
  })

  it.each([
    ['a removal', (store: SessionStore, id: string) => store.removeConversation(id)],
    ['clearAll', (store: SessionStore) => store.clearAll()],
  ])('a list read before %s does not bring the row back', async (_, drop) => {
    const gate: Gate = {}
    const { openTab, settle } = setUp({ adapter: gated(memoryAdapter(), gate), snapshot: false })
    const { store, tab } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('x'))
    await settle()
    const d = deferred()
    gate.list = d.p
    tab.tell('pageshow')
    await settle()
    gate.list = undefined
    await drop(store, id)
    await settle()
    d.open()
    await settle()
    expect(ids(store)).toEqual([])
  })

  it('a hung first save that lands after clearAll does not bring the row back', async () => {
    const real = memoryAdapter()
    const gate: Gate = {}
    const { openTab, settle, clock } = setUp({ adapter: gated(real, gate, 'before'), snapshot: false })
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    const d = deferred()
    gate.save = d.p
    store.recordMessage(say('x'))
    await clock.advance(10_000)
    gate.save = undefined
    await store.clearAll()
    d.open()
    await clock.advance(1000)
    expect(await real.list('', { limit: 9 })).toEqual({ sessions: [] })
  })

  it('a clear that hangs does not stop saving for ever', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    fault.hang = true
    void store.clearWorkspaceConversation('other')
    await clock.advance(1)
    fault.hang = false
    store.recordMessage(say('one'))
    await clock.advance(120_000)
    expect(store.getState().saving.pending).toBe(0)
  })
})
