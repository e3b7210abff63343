import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { deferred } from '../support/gated.js'
import { faulty, setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })
const ids = (sessions: readonly { conversationId: string }[]) => sessions.map(({ conversationId }) => conversationId)

describe('New chat', () => {
  it('leaves nothing of conversations that were never used', async () => {
    const { openTab, settle } = setUp()
    const { store } = openTab()
    await store.initConversation('w')
    store.newConversation()
    store.newConversation()
    const last = store.newConversation()
    await settle()
    expect(store.getState()).toMatchObject({ currentConversationId: last, sessions: [] })
    store.recordMessage(say('hello'))
    expect(ids(store.getState().sessions)).toEqual([last])
    expect(ids((await reopen({ openTab, settle })).sessions)).toEqual([last])
  })

  it('keeps the one it leaves if something was said in it, even just now', async () => {
    const { openTab, settle } = setUp()
    const { store } = openTab()
    const first = await store.initConversation('w')
    store.recordMessage(say('hello'))
    store.newConversation()
    await settle()
    expect(ids(store.getState().sessions)).toEqual([first])
    expect(ids((await reopen({ openTab, settle })).sessions)).toEqual([first])
  })

  it('needs a workspace', () => {
    const { openTab } = setUp()
    expect(() => openTab().store.newConversation()).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(openTab({ workspace: 'w' }).store.newConversation()).toBeTypeOf('string')
  })
})

describe('switching', () => {
  it('makes another conversation current, with its workspace', async () => {
    const { openTab } = setUp()
    const { store } = openTab()
    const a = await store.initConversation('a')
    store.recordMessage(say('in a'))
    await store.initConversation('b')
    expect(await store.switchConversation(a)).toEqual({ ok: true })
    expect(store.getState()).toMatchObject({ currentConversationId: a, currentWorkspace: 'a', isResumed: false })
  })

  it('finds no conversation that does not exist', async () => {
    const { openTab } = setUp()
    const { store } = openTab()
    const id = await store.initConversation('w')
    expect(await store.switchConversation('nowhere')).toEqual({ ok: false, reason: 'not-found' })
    expect(store.getState().currentConversationId).toBe(id)
  })
})

describe('removing', () => {
  it('takes the conversation off at once, and a new one takes its place if it was current', async () => {
    const { openTab, settle } = setUp()
    const { store, events } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('hello'))
    await settle()
    const removed = store.removeConversation(id)
    expect(store.getState().sessions).toEqual([])
    expect(store.getState().currentConversationId).not.toBe(id)
    await removed
    expect((await reopen({ openTab, settle })).sessions).toEqual([])
    expect(events).toEqual([{ type: 'conversation-removed', conversationId: 'id-1', workspace: 'w' }])
  })

  it('notifies a tab that has the conversation open, which gets a new one', async () => {
    const { openTab, settle } = setUp()
    const [a, b] = [openTab(), openTab()]
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('hello'))
    await settle()
    await b.store.initConversation('w')
    await b.store.removeConversation(id)
    await settle()
    expect(a.events).toEqual([{ type: 'conversation-lost', conversationId: id, reason: 'removed' }])
    expect(a.store.getState()).toMatchObject({ sessions: [], status: 'ready', currentWorkspace: 'w' })
    expect(a.store.getState().currentConversationId).not.toBe(id)
  })

  it('is not undone by a save that another tab had pending', async () => {
    const { openTab, clock, stored } = setUp()
    const [a, b] = [openTab(), openTab()]
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('hello'))
    await clock.advance(1_000)
    await b.store.initConversation('w')
    a.store.recordMessage(say('late'))
    await b.store.removeConversation(id)
    await clock.advance(5_000)
    expect(await stored(id)).toBe('removed')
    expect(a.events).toContainEqual({ type: 'conversation-lost', conversationId: id, reason: 'removed' })
  })

  it('is not undone by a reload of a tab that had it', async () => {
    const { openTab, settle } = setUp()
    const [a, b] = [openTab(), openTab()]
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('hello'))
    await settle()
    await b.store.initConversation('w')
    await a.store.removeConversation(id)
    expect(await b.reload().store.initConversation('w')).not.toBe(id)
  })

  it('rejects when storage fails, and leftoff retries automatically', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('hello'))
    await settle()
    fault.error = new Error('down')
    await expect(store.removeConversation(id)).rejects.toMatchObject({ code: 'storage-unavailable' })
    expect(store.getState()).toMatchObject({ sessions: [], saving: { pending: 1 } })
    fault.error = undefined
    await clock.advance(5_000)
    expect(await adapter.get('', id)).toBe('removed')
    expect(store.getState().saving.pending).toBe(0)
  })

  it('clears a workspace and leaves the others', async () => {
    const { openTab, settle } = setUp()
    const { store } = openTab()
    const a = await store.initConversation('a')
    store.recordMessage(say('in a'))
    const b = await store.initConversation('b')
    store.recordMessage(say('in b'))
    await settle()
    await store.clearWorkspaceConversation('b')
    await settle()
    expect(ids(store.getState().sessions)).toEqual([a])
    expect(store.getState()).toMatchObject({ currentWorkspace: 'b', status: 'ready' })
    expect(store.getState().currentConversationId).not.toBe(b)
  })

  it('clears everything of this user and nothing of another', async () => {
    const { openTab, settle } = setUp()
    const [ada, bob] = [openTab({ userId: 'ada' }), openTab({ userId: 'bob' })]
    for (const { store } of [ada, bob]) {
      await store.initConversation('a')
      store.recordMessage(say('hello'))
      await store.initConversation('b')
      store.recordMessage(say('hello'))
      await settle()
    }
    await ada.store.clearAll()
    expect(ada.store.getState().sessions).toEqual([])
    expect(bob.store.getState().sessions).toHaveLength(2)
    await settle()
    expect((await reopen({ openTab, settle }, { userId: 'bob' })).sessions).toHaveLength(2)
  })

  it('keeps away what was removed by itself while a clearing that fails was under way', async () => {
    const memory = memoryAdapter()
    const answer = deferred()
    const failing = { ...memory, clear: () => answer.p.then(() => Promise.reject(new Error('down'))) }
    const { openTab, settle } = setUp({ adapter: failing })
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    store.newConversation('w')
    store.recordMessage(say('two'))
    await store.flush()
    const cleared = expect(store.clearAll()).rejects.toMatchObject({ code: 'storage-unavailable' })
    await settle()
    await store.removeConversation(id)
    store.recordMessage({ ...say('three'), conversationId: id }) // an answer that comes late
    answer.open()
    await cleared
    await settle()
    expect(store.getState().sessions).toMatchObject([{ lastMessagePreview: 'two' }])
  })

  it('shows what is still there when clearing fails', async () => {
    const { adapter, fault } = faulty(memoryAdapter())
    const { openTab, clock, settle } = setUp({ adapter })
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('hello'))
    await settle()
    fault.error = new Error('down')
    await expect(store.clearAll()).rejects.toMatchObject({ code: 'storage-unavailable' })
    fault.error = undefined
    await clock.advance(5_000)
    expect(ids(store.getState().sessions)).toEqual([id])
  })
})

async function reopen({ openTab, settle }: Pick<ReturnType<typeof setUp>, 'openTab' | 'settle'>, options = {}) {
  const { store } = openTab({ resume: 'new', ...options })
  await store.initConversation('elsewhere')
  await settle() // the list over all workspaces follows
  return store.getState()
}
