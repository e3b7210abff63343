import { describe, expect, it } from 'vitest'
import { storageKey } from '../../src/core/keys-and-ids.js'
import { type StoreInTab, setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })
const typesOf = ({ events }: StoreInTab) => events.map(({ type }) => type)

/** A tab that has a conversation, and one that watches it. */
async function watched(lockMode: ReturnType<typeof setUp>['browser']['lockMode'] = 'working') {
  const setting = setUp()
  setting.browser.lockMode = lockMode
  const [holder, watcher] = [setting.openTab(), setting.openTab()]
  const id = await setting.initialize(holder)
  holder.store.recordMessage(say('one'))
  await setting.clock.advance(2_000)
  const opened = watcher.store.initConversation('w', { conversationId: id })
  await setting.clock.advance(2_000)
  await opened
  expect(watcher.store.getState().status).toBe('watching')
  return { ...setting, holder, watcher, id }
}

describe('a tab that watches a conversation', () => {
  it('notices what is said in it, and saves what is said here', async () => {
    const { holder, watcher, id, clock, stored } = await watched()
    holder.store.recordMessage(say('two'))
    await clock.advance(2_000)
    expect(watcher.events).toEqual([{ type: 'conversation-changed', conversationId: id }])
    watcher.store.recordMessage(say('three'))
    await clock.advance(2_000)
    expect(await stored(id)).toMatchObject({ messageCount: 3 })
    expect(typesOf(holder)).toEqual(['conversation-changed'])
    expect(watcher.store.getState().status).toBe('watching')
  })

  it('notices a message that is said once more, though it counts once', async () => {
    const { holder, watcher, id, clock, stored } = await watched()
    holder.store.recordMessage({ role: 'assistant', text: 'tw', messageId: 'm.answer' })
    await clock.advance(2_000)
    watcher.events.length = 0
    holder.store.recordMessage({ role: 'assistant', text: 'two', messageId: 'm.answer' })
    await clock.advance(2_000)
    expect(await stored(id)).toMatchObject({ messageCount: 2 })
    expect(watcher.events).toEqual([{ type: 'conversation-changed', conversationId: id }])
    // One that was loaded and is recorded again says nothing new.
    holder.store.recordMessage({ role: 'assistant', text: 'two', messageId: 'm.answer', at: clock.now() - 3_000 })
    await clock.advance(2_000)
    expect(watcher.events).toHaveLength(1)
  })

  it('has it half a second after it was released, and not before', async () => {
    const { holder, watcher, id, clock } = await watched()
    await holder.store.dispose()
    await clock.advance(499)
    expect(watcher.store.getState().status).toBe('watching')
    await clock.advance(100)
    expect(watcher.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
  })

  it('leaves it to a page that asked for it, and takes it half a second after that if the page is gone', async () => {
    const { browser, holder, watcher, id, clock } = await watched()
    await holder.store.dispose()
    await clock.advance(400)
    // Its lock comes later than its question: the machine is slow.
    const name = storageKey('claude-session-storage', 'claims', '')
    const page = browser.openTab().browser.channel(name, () => {})
    page?.postMessage({ type: 'ask', id, from: 'page', why: 'back' })
    await clock.advance(400)
    expect(watcher.store.getState().status).toBe('watching')
    await clock.advance(4_000)
    expect(watcher.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
    page?.close()
  })

  it('leaves it to its tab that reloads', async () => {
    const { holder, watcher, id, clock } = await watched()
    const again = holder.reload()
    await clock.advance(300)
    const opened = again.store.initConversation('w')
    await clock.advance(5_000)
    expect(await opened).toBe(id)
    expect(again.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
    expect(watcher.store.getState()).toMatchObject({ status: 'watching', currentConversationId: id })
  })

  it.each([
    ['was opened by a link', false],
    ['was taken over', true],
  ])('that %s asks for nothing when it is reloaded, though nothing was said where it is open', async (_, isTaken) => {
    const setting = setUp()
    const { clock } = setting
    const first = setting.openTab()
    const id = await setting.initialize(first)
    first.store.recordMessage(say('one'))
    await clock.advance(2_000)
    await first.store.dispose()
    const [a, b] = [setting.openTab(), setting.openTab()]
    expect(await setting.initialize(a)).toBe(id)
    const linked = b.store.initConversation('w', { conversationId: id })
    await clock.advance(2_000)
    expect(await linked).toBe(id)
    expect(b.store.getState().status).toBe('watching')
    if (isTaken) {
      const taken = b.store.takeOver()
      await clock.advance(2_000)
      expect(await taken).toBe(true)
    }
    const [holder, watcher] = isTaken ? [b, a] : [a, b]
    const { events, store } = watcher.reload()
    const opened = store.initConversation('w')
    await clock.advance(5_000)
    expect(await opened).toBe(id)
    expect(store.getState()).toMatchObject({ status: 'watching', currentConversationId: id })
    expect(holder.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
    expect(events).toEqual([])
  })

  it('begins nothing of its own accord, and stops watching after New chat', async () => {
    const { holder, watcher, id, clock } = await watched()
    const fresh = watcher.store.newConversation()
    holder.tab.close()
    await clock.advance(5_000)
    expect(watcher.store.getState()).toMatchObject({ status: 'ready', currentConversationId: fresh })
    expect(watcher.store.getState().openElsewhere).not.toContain(id)
  })
})

describe.each(['working', 'missing', 'rejecting'] as const)('taking over, locks %s', (lockMode) => {
  it('gives the conversation to the tab that asks, saves what its holder had, and notifies it', async () => {
    const { holder, watcher, id, clock, stored } = await watched(lockMode)
    holder.store.recordMessage(say('two'))
    const taken = watcher.store.takeOver()
    await clock.advance(3_000)
    expect(await taken).toBe(true)
    expect(watcher.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
    expect(holder.store.getState()).toMatchObject({ status: 'watching', currentConversationId: id })
    expect(typesOf(holder)).toContain('taken-over')
    expect(typesOf(watcher)).not.toContain('taken-over')
    expect(await stored(id)).toMatchObject({ messageCount: 2 })
    expect(watcher.store.getState().sessions).toMatchObject([{ messageCount: 2 }])
  })

  it('goes back and forth, and one tab has it at any time', async () => {
    const { holder, watcher, clock } = await watched(lockMode)
    for (const [taker, other] of [
      [watcher, holder],
      [holder, watcher],
      [watcher, holder],
    ] as const) {
      const taken = taker.store.takeOver()
      await clock.advance(3_000)
      expect(await taken).toBe(true)
      expect([taker, other].map(({ store }) => store.getState().status)).toEqual(['ready', 'watching'])
    }
  })
})

describe('taking over', () => {
  it('is nothing to do for the tab that has it, and impossible where nothing is open', async () => {
    const { holder, openTab } = await watched()
    expect(await holder.store.takeOver()).toBe(true)
    expect(await openTab().store.takeOver('w')).toBe(false)
  })
})

describe('a page that was frozen', () => {
  it('finds out when it wakes that another took its conversation, and saves what it had', async () => {
    const { holder, watcher, id, clock, stored } = await watched()
    holder.tab.tell('freeze')
    const taken = watcher.store.takeOver()
    await clock.advance(3_000)
    expect(await taken).toBe(true)
    holder.tab.tell('resume')
    await clock.advance(3_000)
    expect(holder.store.getState()).toMatchObject({ status: 'watching', currentConversationId: id })
    expect(watcher.store.getState().status).toBe('ready')
    holder.store.recordMessage(say('after'))
    await clock.advance(2_000)
    expect(await stored(id)).toMatchObject({ messageCount: 2 })
  })

  it('still has it if no other tab took it', async () => {
    const { holder, watcher, id, clock } = await watched()
    holder.tab.tell('freeze')
    await clock.advance(60_000)
    holder.tab.tell('resume')
    await clock.advance(2_000)
    expect(holder.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
    expect(watcher.store.getState().status).toBe('watching')
    expect(typesOf(holder)).not.toContain('taken-over')
  })

  it('takes nothing while it is frozen and watches', async () => {
    const { holder, watcher, clock, openTab } = await watched()
    watcher.tab.tell('freeze')
    holder.tab.close()
    await clock.advance(5_000)
    const other = openTab()
    const opened = other.store.initConversation('w')
    await clock.advance(5_000)
    await opened
    expect(other.store.getState().currentConversationId).toBe(watcher.store.getState().currentConversationId)
    watcher.tab.tell('resume')
    await clock.advance(5_000)
    expect(watcher.store.getState().status).toBe('watching')
  })
})
