import { expect, it } from 'vitest'
import { createSessionStore } from '../../../src/index.js'
import { fakeBrowser } from '../../../src/testing/fake-browser.js'
import { openAdapter } from './open-adapter.js'

const count = process.env.LEFTOFF_SOAK === undefined ? 300 : 10_000

it('a long history of an account is paged to its end, complete and in order, while another device writes', {
  timeout: 120_000,
}, async () => {
  const userId = crypto.randomUUID()
  const other = openAdapter(userId).adapter
  const now = Date.now()
  const change = (conversationId: string, at: number) => ({
    userId,
    workspace: 'shop',
    conversationId,
    epoch: '',
    begins: at,
    activity: { at, rank: at },
    counts: { earlier0: { messages: 1 } },
  })
  for (let from = 0; from < count; from += 100) {
    const rows = Array.from({ length: 100 }, (_, index) =>
      change(`old-${from + index}`, now - 60_000 * (from + index + 1)),
    )
    expect(await other.save(rows)).toEqual([])
  }
  const store = createSessionStore({
    adapter: openAdapter(userId).adapter,
    userId,
    browser: fakeBrowser().openTab().browser,
    snapshot: false,
    resume: 'new',
  })
  await store.initConversation('shop')
  await expect.poll(() => store.getState().sessions.length).toBeGreaterThanOrEqual(100)
  const ids = () => store.getState().sessions.map(({ conversationId }) => conversationId)
  const old = Array.from({ length: count }, (_, index) => `old-${index}`)
  let hasMore = true
  for (let page = 0; hasMore; page++) {
    await other.save([change(`new-${page}`, now + page)])
    hasMore = await store.loadMore('shop')
    const loaded = ids().filter((id) => id.startsWith('old-'))
    expect(loaded).toEqual(old.slice(0, loaded.length))
  }
  expect(ids().filter((id) => id.startsWith('old-'))).toEqual(old)
  expect(new Set(ids()).size).toBe(ids().length)
  await store.dispose()
})
