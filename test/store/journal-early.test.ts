import { describe, expect, it } from 'vitest'
import { setUpCommitted } from '../support/committed.js'

const say = (text: string) => ({ role: 'user' as const, text })

describe('a page that is left before a conversation is open', () => {
  it('journals what was said before a conversation was open under the tab’s pointer', async () => {
    const { openTab, adapter, fault, journal, clock } = setUpCommitted()
    const first = openTab()
    const id = await first.store.initConversation('w')
    first.store.recordMessage(say('one'))
    await first.store.flush()
    await clock.advance(10)
    const second = first.reload()
    fault.hang = true
    void second.store.initConversation('w')
    second.store.recordMessage(say('two'))
    await clock.advance(10)
    const third = second.reload() // before anything was open
    expect(journal()).toHaveLength(1)
    fault.hang = false
    expect(await third.store.initConversation('w')).toBe(id)
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 2, lastMessagePreview: 'two' })
  })

  it('journals what was said before anything was ever open as a new conversation, which the tab has after the reload', async () => {
    const { openTab, adapter, fault, journal, settle } = setUpCommitted()
    const first = openTab()
    fault.hang = true
    void first.store.initConversation('w')
    first.store.recordMessage(say('early'))
    await settle()
    const again = first.reload()
    expect(journal()).toHaveLength(1)
    fault.hang = false
    const id = await again.store.initConversation('w')
    expect(await adapter.get('', id)).toMatchObject({ messageCount: 1, lastMessagePreview: 'early' })
    expect(again.store.getState()).toMatchObject({ isResumed: true, sessions: [{ messageCount: 1 }] })
  })
})
