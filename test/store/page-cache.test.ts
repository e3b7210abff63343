import { describe, expect, it } from 'vitest'
import { type StoreInTab, setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })
const currentOf = ({ store }: StoreInTab) => store.getState().currentConversationId
const typesOf = ({ events }: StoreInTab) => events.map(({ type }) => type)

describe('a page that comes back from the back/forward cache', () => {
  async function away() {
    const setting = setUp()
    const a = setting.openTab()
    const id = await a.store.initConversation('w')
    a.store.recordMessage(say('one'))
    await setting.settle()
    a.tab.tell('pagehide')
    await setting.clock.advance(5_000)
    return { ...setting, a, id }
  }

  it('has its conversation again, with what was said in it in the meantime', async () => {
    const { a, id, openTab, settle, clock } = await away()
    const b = openTab()
    expect(await b.store.initConversation('w')).toBe(id)
    b.store.recordMessage(say('two'))
    await settle()
    b.tab.close()
    await settle()
    a.tab.tell('pageshow')
    await clock.advance(1_000)
    expect(a.store.getState()).toMatchObject({
      status: 'ready',
      currentConversationId: id,
      sessions: [{ messageCount: 2 }],
    })
    expect(typesOf(a)).toContain('conversation-changed')
  })

  it('watches what another tab has taken, saves what is said there, and has it once that tab is gone', async () => {
    const { a, id, openTab, clock, stored } = await away()
    const b = openTab()
    expect(await b.store.initConversation('w')).toBe(id)
    a.tab.tell('pageshow')
    await clock.advance(1_000)
    expect(a.store.getState()).toMatchObject({ status: 'watching', currentConversationId: id })
    expect(a.events).toContainEqual({ type: 'taken-over', conversationId: id })
    expect(b.store.getState()).toMatchObject({ status: 'ready', currentConversationId: id })
    a.store.recordMessage(say('said while watching'))
    await clock.advance(10_000)
    expect(await stored(id)).toMatchObject({ messageCount: 2, lastMessagePreview: 'said while watching' })
    expect(typesOf(b)).toContain('conversation-changed')
    b.tab.close()
    await clock.advance(1_000)
    expect(a.store.getState()).toMatchObject({ status: 'ready', sessions: [{ messageCount: 2 }] })
  })

  it('begins a new conversation on request while it watches', async () => {
    const { a, id, openTab, clock } = await away()
    const b = openTab()
    await b.store.initConversation('w')
    a.tab.tell('pageshow')
    await clock.advance(1_000)
    a.store.recordMessage(say('said while watching'))
    a.store.newConversation()
    await clock.advance(10_000)
    expect(a.store.getState().status).toBe('ready')
    expect(currentOf(a)).not.toBe(id)
    expect(b.store.getState().sessions).toContainEqual(expect.objectContaining({ conversationId: id, messageCount: 2 }))
    expect(typesOf(b)).toContain('conversation-changed')
  })

  it('counts in a new scope, so that what it had stored before is not counted again', async () => {
    const { a, id, clock, stored } = await away()
    a.tab.tell('pageshow')
    await clock.advance(1_000)
    a.store.recordMessage(say('two'))
    await clock.advance(2_000)
    expect(await stored(id)).toMatchObject({ messageCount: 2 })
    expect(a.store.getState().sessions).toMatchObject([{ messageCount: 2 }])
  })
})
