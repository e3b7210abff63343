import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { setUp } from '../support/tabs.js'

const { subscribe: _, ...silent } = memoryAdapter()
/** Its database is asked what changed elsewhere now and then only. */
const account: SessionAdapter = { ...memoryAdapter(), place: 'account', subscribe: () => () => {} }

describe('what one tab saves shows in the others', () => {
  it.each<[string, SessionAdapter]>([
    ['where the adapter has no way to tell', silent],
    ['at once where the adapter is an account', account],
  ])('%s', async (_, adapter) => {
    const { openTab, initialize, clock } = setUp({ adapter })
    const [here, there] = [openTab(), openTab()]
    const id = await initialize(here)
    await initialize(there)
    here.store.recordMessage({ role: 'user', text: 'Hello' })
    await clock.advance(2_000)
    const listed = there.store.getState().sessions.find(({ conversationId }) => conversationId === id)
    expect(listed).toMatchObject({ lastMessagePreview: 'Hello', messageCount: 1 })
  })
})
