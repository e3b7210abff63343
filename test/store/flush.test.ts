import { describe, expect, it } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import { setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })

describe('flush', () => {
  it('waits for an opening that runs, so that what was said before is stored', async () => {
    const adapter = memoryAdapter()
    const { openTab } = setUp({ adapter })
    const { store } = openTab()
    const opening = store.initConversation('w')
    store.recordMessage(say('early'))
    await store.flush()
    expect(await adapter.get('', await opening)).toMatchObject({ messageCount: 1 })
  })

  it('rejects while what was said has no conversation to go to', async () => {
    const { openTab } = setUp()
    const { store } = openTab()
    store.recordMessage(say('where to?'))
    await expect(store.flush()).rejects.toMatchObject({ code: 'invalid-argument' })
    expect(store.getState().saving.pending).toBe(1)
    await store.initConversation('w')
    await store.flush()
    expect(store.getState()).toMatchObject({ saving: { pending: 0 }, sessions: [{ messageCount: 1 }] })
  })
})
