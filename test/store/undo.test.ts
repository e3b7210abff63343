import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { faulty, type StoreInTab, setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })
const shown = ({ store }: StoreInTab) => store.getState().sessions.map(({ conversationId }) => conversationId)

async function removed(undoMs: number) {
  const setting = setUp({ adapter: memoryAdapter() })
  const tab = setting.openTab()
  const id = await tab.store.initConversation('w')
  tab.store.recordMessage(say('hello'))
  await setting.settle()
  await tab.store.removeConversation(id, { undoMs })
  return { ...setting, tab, id }
}

describe('a removal that can be undone', () => {
  it('hides the conversation at once and removes it when its time is over', async () => {
    const adapter = memoryAdapter()
    const { openTab, clock, settle } = setUp({ adapter })
    const tab = openTab()
    const id = await tab.store.initConversation('w')
    tab.store.recordMessage(say('hello'))
    await settle()
    await tab.store.removeConversation(id, { undoMs: 5_000 })
    expect(shown(tab)).toEqual([])
    expect(tab.store.getState().currentConversationId).not.toBe(id)
    await clock.advance(4_999)
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 1 })
    await clock.advance(1)
    expect(await adapter.get('', id)).toBe('removed')
    expect(tab.store.restoreConversation(id)).toBe(false)
    expect(tab.events).toEqual([{ type: 'conversation-removed', conversationId: id, workspace: 'w' }])
  })

  it('is taken back by restoreConversation, with all that was stored', async () => {
    const { tab, id, clock, settle, keys } = await removed(5_000)
    expect(tab.store.restoreConversation(id)).toBe(true)
    await settle()
    expect(tab.store.getState().sessions).toMatchObject([{ conversationId: id, messageCount: 1 }])
    await clock.advance(60_000)
    expect(tab.events).toEqual([])
    expect(tab.store.getState()).toMatchObject({ sessions: [{ conversationId: id }], saving: { pending: 0 } })
    expect(keys('/journal/')).toEqual([])
    expect(await tab.store.switchConversation(id)).toEqual({ ok: true })
  })

  it('brings back nothing that was removed permanently, or never', async () => {
    const { openTab } = setUp()
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('hello'))
    expect(store.restoreConversation(id)).toBe(false)
    await store.removeConversation(id)
    expect(store.restoreConversation(id)).toBe(false)
  })

  it('takes nothing back of a conversation that was removed permanently, though it is removed once more', async () => {
    const { tab, id, clock } = await removed(5_000)
    await clock.advance(5_000)
    await tab.store.removeConversation(id, { undoMs: 5_000 })
    expect(tab.store.restoreConversation(id)).toBe(false)
    expect(shown(tab)).toEqual([])
  })

  it('can still be undone after the page was hidden', async () => {
    const { tab, id, clock, settle } = await removed(5_000)
    tab.tab.tell('hidden')
    await clock.advance(1_000)
    tab.tab.tell('visible')
    expect(tab.store.restoreConversation(id)).toBe(true)
    await settle()
    await clock.advance(60_000)
    expect(shown(tab)).toEqual([id])
  })

  it('is final once the page is left', async () => {
    const adapter = memoryAdapter()
    const { openTab, settle } = setUp({ adapter })
    const tab = openTab()
    const id = await tab.store.initConversation('w')
    tab.store.recordMessage(say('hello'))
    await settle()
    await tab.store.removeConversation(id, { undoMs: 60_000 })
    tab.tab.tell('pagehide')
    await settle()
    expect(tab.store.restoreConversation(id)).toBe(false)
    expect(await adapter.get('', id)).toBe('removed')
  })

  it('is carried out by the next page where the one that was left had no time to', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, settle, initialize } = setUp({ adapter })
    const tab = openTab()
    const id = await tab.store.initConversation('w')
    tab.store.recordMessage(say('hello'))
    await settle()
    await tab.store.removeConversation(id, { undoMs: 60_000 })
    fault.hang = true
    const again = tab.reload()
    fault.hang = false
    await initialize(again)
    expect(await adapter.get('', id)).toBe('removed')
    expect(shown(again)).toEqual([])
    expect(again.events).toEqual([{ type: 'conversation-removed', conversationId: id, workspace: 'w' }])
  })

  it('is carried out by another page after its time, if the hidden page never comes back', async () => {
    const adapter = memoryAdapter()
    const { openTab, clock, settle, initialize, keys } = setUp({ adapter })
    const tab = openTab()
    const id = await tab.store.initConversation('w')
    tab.store.recordMessage(say('hello'))
    await settle()
    await tab.store.removeConversation(id, { undoMs: 30_000 })
    tab.tab.tell('hidden')
    tab.tab.crash()
    await tab.store.dispose() // nothing runs in it
    expect(keys('/journal/')).not.toEqual([])
    await clock.advance(30_000)
    await initialize(openTab())
    expect(await adapter.get('', id)).toBe('removed')
    expect(keys('/journal/')).toEqual([])
  })

  it('does not hold back what is recorded in other conversations', async () => {
    const { tab, settle } = await removed(60_000)
    const other = tab.store.newConversation('w')
    tab.store.recordMessage(say('here'))
    await settle()
    expect(tab.store.getState().saving.lastSavedAt).toBe(1_000_000)
    expect(shown(tab)).toEqual([other])
  })
})
