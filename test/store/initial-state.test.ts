import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { RankedSession } from '../../src/core/session.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { changeTo, session } from '../support/session.js'
import { faulty, setUp } from '../support/tabs.js'

const older = session({ conversationId: 'older', lastActivity: 1, messageCount: 2, lastMessagePreview: 'of old' })
const newer = session({ conversationId: 'newer', lastActivity: 2, messageCount: 1, title: 'Boats' })

/** As an app sees it. */
function shown({ rank: _, ...rest }: RankedSession) {
  return rest
}

/** An adapter in which these are stored. */
async function storing(...sessions: RankedSession[]): Promise<SessionAdapter> {
  const adapter = memoryAdapter()
  expect(await adapter.save(sessions.map((row) => changeTo(row)))).toEqual([])
  return adapter
}

describe('initialState', () => {
  it('is the history before anything was opened, newest first, and stays what was rendered first', async () => {
    const { openTab } = setUp({ adapter: await storing(older, newer), initialState: { sessions: [older, newer] } })
    const { store } = openTab()
    expect(store.getState()).toMatchObject({ status: 'idle', sessions: [shown(newer), shown(older)] })
    expect(store.getState()).toBe(store.getInitialState())
    await store.initConversation('w')
    expect(store.getInitialState()).toMatchObject({ status: 'idle', sessions: [shown(newer), shown(older)] })
  })

  it('stays while storage is read', async () => {
    const { openTab } = setUp({ adapter: await storing(older), initialState: { sessions: [older] } })
    const { store } = openTab()
    const seen: unknown[] = []
    store.subscribe(({ sessions }) => seen.push(sessions))
    const { sessions } = store.getState()
    expect(await store.initConversation('w')).toBe('older')
    expect(seen.length).toBeGreaterThan(0)
    expect(new Set(seen)).toEqual(new Set([sessions]))
  })

  it('is replaced by what is stored: newer rows, and rows that are gone', async () => {
    const changed = { ...newer, title: 'Ships' }
    const adapter = await storing(changed)
    const { openTab, settle } = setUp({ adapter, initialState: { sessions: [older, newer] } })
    const { store } = openTab()
    await store.initConversation('w')
    expect(store.getState().sessions).toMatchObject([{ title: 'Ships' }, { conversationId: 'older' }])
    await settle() // in which the whole history is read
    expect(store.getState().sessions).toMatchObject([{ title: 'Ships' }])
  })

  it('stays when storage fails', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    fault.error = new Error('broken')
    const { store } = setUp({ adapter, initialState: { sessions: [older] } }).openTab()
    await store.initConversation('w')
    expect(store.getState()).toMatchObject({ status: 'degraded', sessions: [shown(older)] })
  })

  it('takes what is recorded before storage was read', async () => {
    const adapter = await storing(older)
    const { store } = setUp({ adapter, initialState: { sessions: [older] } }).openTab()
    store.renameConversation('older', 'Anchors')
    await store.flush()
    expect(await adapter.get('', 'older')).toMatchObject({ title: 'Anchors', messageCount: 2 })
  })

  it('shows a user nothing of another', async () => {
    const sessions = [{ ...older, userId: 'ada' }, newer]
    const { store } = setUp({ userId: 'bob', initialState: { sessions } }).openTab()
    expect(store.getState().sessions).toEqual([])
  })

  it('waits for a user who is not known yet, and is not shown again after signing out', async () => {
    const sessions = [{ ...older, userId: 'ada' }]
    const { store } = setUp({ userId: null, initialState: { sessions } }).openTab()
    expect(store.getState().sessions).toEqual([])
    await store.setUser('ada')
    expect(store.getState().sessions).toEqual(sessions.map(shown))
    await store.signOut()
    await store.setUser('ada')
    expect(store.getState().sessions).toEqual([])
  })

  it('shows no titles and previews where none are kept', () => {
    const { store } = setUp({ persistContent: false, initialState: { sessions: [older, newer] } }).openTab()
    expect(JSON.stringify(store.getState().sessions)).not.toMatch(/Boats|of old/)
    expect(store.getState().sessions).toHaveLength(2)
  })
})
