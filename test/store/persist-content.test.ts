import { describe, expect, it } from 'vitest'
import { setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })

describe('persistContent: false', () => {
  it('takes the texts out of rows that were stored before', async () => {
    const { openTab, initialize, clock, stored, browser, keys } = setUp()
    const first = openTab()
    const id = await initialize(first)
    first.store.recordMessage(say('a secret'))
    first.store.renameConversation(id, 'Top secret')
    await clock.advance(2_000)
    first.tab.close()
    await clock.advance(25 * 60 * 60 * 1_000) // after which the part of the closed page is folded
    const second = openTab({ persistContent: false })
    expect(await initialize(second)).toBe(id)
    await clock.advance(5_000)
    expect(JSON.stringify([second.store.getState(), await stored(id)])).not.toContain('secret')
    expect(
      keys('/part/')
        .map((key) => browser.localStorage.getItem(key))
        .join(),
    ).not.toContain('secret')
    expect(await stored(id)).toMatchObject({ messageCount: 1 })
  })
})
