import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { changeTo, session } from '../support/session.js'
import { setUp } from '../support/tabs.js'

async function filled(count: number, workspaceOf = (_index: number) => 'w'): Promise<SessionAdapter> {
  const adapter = memoryAdapter()
  const rows = Array.from({ length: count }, (_, index) =>
    session({
      conversationId: `c${index}`,
      workspace: workspaceOf(index),
      lastActivity: count - index,
      messageCount: 1,
    }),
  )
  expect(await adapter.save(rows.map((row) => changeTo(row)))).toEqual([])
  return adapter
}

describe('a long history', () => {
  it('is loaded page by page, newest first, until there is no more', async () => {
    const { openTab, settle } = setUp({ adapter: await filled(250), resume: 'new' })
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    expect(store.getState()).toMatchObject({ hasMore: true })
    expect(store.getState().sessions).toHaveLength(100)
    expect(await store.loadMore()).toBe(true)
    expect(store.getState().sessions).toHaveLength(200)
    expect(await store.loadMore()).toBe(false)
    expect(store.getState().hasMore).toBe(false)
    expect(store.getState().sessions.map(({ conversationId }) => conversationId)).toEqual(
      Array.from({ length: 250 }, (_, index) => `c${index}`),
    )
    expect(await store.loadMore()).toBe(false)
  })

  it('has no more where everything was shown at once', async () => {
    const { openTab, settle } = setUp({ adapter: await filled(100), resume: 'new' })
    const { store } = openTab()
    await store.initConversation('w')
    await settle()
    expect(store.getState().hasMore).toBe(false)
    expect(store.getState().sessions).toHaveLength(100)
  })

  it('of one workspace is loaded without the others', async () => {
    const adapter = await filled(300, (index) => (index < 280 ? 'busy' : 'quiet'))
    const { openTab, settle } = setUp({ adapter, resume: 'new' })
    const { store } = openTab()
    await store.initConversation('busy')
    await settle()
    expect(await store.loadMore('quiet')).toBe(false)
    const quiet = store.getState().sessions.filter(({ workspace }) => workspace === 'quiet')
    expect(quiet).toHaveLength(20)
    expect(store.getState().hasMore).toBe(true)
    expect(await store.loadMore('quiet')).toBe(false)
  })

  it('keeps what was loaded when the tab is looked at again', async () => {
    const { openTab, settle } = setUp({ adapter: await filled(250), resume: 'new' })
    const { store, tab } = openTab()
    await store.initConversation('w')
    await settle()
    await store.loadMore()
    tab.tell('visible')
    await settle()
    expect(store.getState().sessions).toHaveLength(200)
    expect(await store.loadMore()).toBe(false)
    expect(store.getState().sessions).toHaveLength(250)
  })

  it('has no gap when more than a page became new while the tab was hidden', async () => {
    // As an account's adapter, which does not say what changed.
    const { subscribe: _, ...adapter } = await filled(250)
    const { openTab, settle } = setUp({ adapter, resume: 'new' })
    const { store, tab } = openTab()
    await store.initConversation('w')
    await settle()
    const added = Array.from({ length: 250 }, (_, index) =>
      session({ conversationId: `new${index}`, workspace: 'w', lastActivity: 900_000 - index, messageCount: 1 }),
    )
    await adapter.save(added.map((row) => changeTo(row)))
    const moved = session({ conversationId: 'c200', workspace: 'w', lastActivity: 950_000, messageCount: 2 })
    await adapter.save([changeTo(moved)])
    tab.tell('visible')
    await settle()
    const ids = () => store.getState().sessions.map(({ conversationId }) => conversationId)
    const olds = Array.from({ length: 250 }, (_, index) => `c${index}`).filter((id) => id !== 'c200')
    const all = ['c200', ...added.map(({ conversationId }) => conversationId), ...olds]
    expect(ids()).toEqual(all.slice(0, ids().length))
    while (await store.loadMore('w')) expect(ids()).toEqual(all.slice(0, ids().length))
    expect(ids()).toEqual(all)
  })
})
