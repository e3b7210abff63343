import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { describe, expect, it, onTestFinished } from 'vitest'
import { dexieAdapter } from '../../src/adapters/dexie/dexie-adapter.js'
import { localStorageAdapter } from '../../src/adapters/local-storage/local-storage-adapter.js'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { SessionChange } from '../../src/core/apply-change.js'
import { moveFromLocalStorage } from '../../src/legacy/move-from-local-storage.js'
import { faulty, setUp as setUpTabs } from '../support/tabs.js'

const say = (text: string, more = {}) => ({ role: 'user' as const, text, ...more })

function setUp() {
  const tabs = setUpTabs({ userId: 'ada' })
  const { browser, clock } = tabs
  const to = dexieAdapter({ clock, indexedDB: new IDBFactory(), IDBKeyRange })
  onTestFinished(() => to.close?.())
  return {
    ...tabs,
    to,
    storage: () => browser.localStorage,
    /** As a page that starts does: the others hear of what it removes. */
    move: () => moveFromLocalStorage(to, { userId: 'ada', storage: browser.openTab().storage }),
    listed: async () => (await to.list('ada', { limit: 1_000 })).sessions,
    /** As another page saves them. */
    save: (...changes: readonly Partial<SessionChange>[]) =>
      localStorageAdapter({ ...browser.openTab(), now: clock.now }).save(
        changes.map((change) => ({
          userId: 'ada',
          workspace: 'w',
          conversationId: 'c',
          epoch: '',
          begins: 5,
          ...change,
        })),
      ),
  }
}

describe('moveFromLocalStorage', () => {
  it('moves the history as it was listed, and leaves none of it', async () => {
    const { openTab, initialize, move, listed, keys, storage, clock } = setUp()
    const tab = openTab()
    for (const text of ['one', 'two', 'three']) {
      await initialize(tab, text)
      tab.store.recordMessage(say(text, { usage: { input: 1, output: 2 } }))
      await tab.store.flush()
    }
    const before = (await localStorageAdapter({ storage, now: clock.now }).list('ada', { limit: 9 })).sessions
    expect(before).toHaveLength(3)
    await move()
    expect(await listed()).toEqual(before)
    expect(keys('/part/')).toEqual([])
  })

  it('moves more than one batch', async () => {
    const { move, listed, save } = setUp()
    await save(...Array.from({ length: 230 }, (_, index) => ({ conversationId: `c${index}` })))
    await move()
    expect(await listed()).toHaveLength(230)
  })

  it('leaves other users their history', async () => {
    const { move, listed, save, stored } = setUp()
    await save({ userId: 'bob' })
    await move()
    expect(await listed()).toEqual([])
    expect(await stored('c', 'bob')).toBeDefined()
  })

  it.each(['message', 'app', 'person'] as const)('keeps a title that came from a %s what it was', async (kind) => {
    const { move, save, to } = setUp()
    await save({ titles: { [kind]: { text: 'before', rank: 5 } } })
    await move()
    const change = { userId: 'ada', workspace: 'w', conversationId: 'c', epoch: '' }
    await to.save([{ ...change, titles: { app: { text: 'by the app', rank: 9 } } }])
    expect(await to.get('ada', 'c')).toMatchObject({ title: kind === 'person' ? 'before' : 'by the app' })
  })

  it('counts nothing twice if it was ended before it removed what it had moved', async () => {
    const { move, save, to, storage, keys } = setUp()
    // More than parts and rows remember.
    for (let page = 0; page < 5; page++) {
      const scopes = [...'abcdefghijklmnopqrst'].map((letter) => `scope-${page}${letter}`)
      await save(...scopes.map((scope) => ({ counts: { [scope]: { messages: 2 } } })))
    }
    const texts = keys('/part/').map((key) => [key, storage().getItem(key) ?? ''] as const)
    expect(texts.length).toBeGreaterThan(0)
    await move()
    const moved = await to.get('ada', 'c')
    expect(moved).toMatchObject({ messageCount: 200 })
    for (const [key, text] of texts) storage().setItem(key, text)
    await move()
    expect(await to.get('ada', 'c')).toEqual(moved)
  })

  it('knows the messages that were counted under their ids', async () => {
    const { openTab, move, to, clock } = setUp()
    const older = openTab()
    const id = await older.store.initConversation('w')
    older.store.recordMessage(say('hello', { messageId: 'm1' }))
    await older.store.flush()
    older.tab.close()
    await move()
    const newer = openTab({ adapter: to })
    const opened = newer.store.initConversation('w')
    await clock.advance(2_000)
    expect(await opened).toBe(id)
    newer.store.recordMessage(say('hello', { messageId: 'm1', at: clock.now() }))
    await newer.store.flush()
    expect(await to.get('ada', id)).toMatchObject({ messageCount: 1 })
  })

  it('moves what an older tab said afterwards the next time, once', async () => {
    const { openTab, move, to, clock } = setUp()
    const { store, events } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await store.flush()
    await move()
    for (const text of ['two', 'three']) {
      store.recordMessage(say(text))
      await clock.advance(2_000)
      await move()
      await move()
      await clock.advance(2_000)
    }
    expect(await to.get('ada', id)).toMatchObject({ messageCount: 3, title: 'one', lastMessagePreview: 'three' })
    expect(store.getState()).toMatchObject({ currentConversationId: id, status: 'ready' })
    expect(events).toEqual([])
  })

  it('leaves what an older tab writes while it moves to the next time', async () => {
    const { openTab, move, to, keys } = setUp()
    const { store } = openTab()
    const id = await store.initConversation('w')
    store.recordMessage(say('one'))
    await store.flush()
    const { save } = to
    to.save = async (changes) => {
      to.save = save
      store.recordMessage(say('two'))
      await store.flush()
      return save(changes)
    }
    await move()
    expect(await to.get('ada', id)).toMatchObject({ messageCount: 1 })
    await move()
    expect(await to.get('ada', id)).toMatchObject({ messageCount: 2, lastMessagePreview: 'two' })
    expect(keys('/part/')).toEqual([])
  })

  it('does not bring back what was removed, here or there', async () => {
    const { move, save, to, listed, browser, clock } = setUp()
    await save({ conversationId: 'removed there' })
    await to.remove('ada', ['removed there'])
    await save({ conversationId: 'removed here' })
    await localStorageAdapter({ ...browser.openTab(), now: clock.now }).remove('ada', ['removed here'])
    await move()
    expect(await listed()).toEqual([])
  })

  it('leaves everything where it is if the other storage fails, and moves it the next time', async () => {
    const { save, stored, storage } = setUp()
    const { adapter, fault } = faulty(memoryAdapter())
    await save({})
    fault.error = new Error('down')
    const move = () => moveFromLocalStorage(adapter, { userId: 'ada', storage })
    await expect(move()).rejects.toThrow('down')
    expect(await stored('c', 'ada')).toBeDefined()
    fault.error = undefined
    await move()
    expect(await stored('c', 'ada')).toBeUndefined()
    expect(await adapter.get('ada', 'c')).toBeDefined()
  })

  it('has nothing to do where there is no localStorage, and says so where it is blocked', async () => {
    const { to } = setUp()
    await moveFromLocalStorage(to, { storage: () => null })
    const storage = () => {
      throw Object.assign(new Error('denied'), { name: 'SecurityError' })
    }
    await expect(moveFromLocalStorage(to, { storage })).rejects.toMatchObject({ code: 'storage-unavailable' })
  })
})
