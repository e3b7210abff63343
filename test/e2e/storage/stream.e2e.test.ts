import { beforeAll, expect, it } from 'vitest'
import { counts, timeoutMs } from './counts.js'
import { type StorageBrowser, startStorageBrowser } from './storage-browser.js'
import type {} from './storage-page.js'

const storedSessions = 1_000
let browser: StorageBrowser

beforeAll(async () => {
  browser = await startStorageBrowser()
  return () => browser.end()
})

it.for(['localStorage', 'dexie'] as const)(
  'a stream of activity with 1,000 sessions stored costs about a small write a second, and the last value lands, %s',
  { timeout: timeoutMs },
  async (adapter, { task }) => {
    const page = await browser.open('stream', adapter)
    await page.evaluate(seed, storedSessions)
    await page.reload()
    const streamed = await page.evaluate(stream, counts)
    await page.reload()
    const [row] = await page.evaluate(async () => {
      await window.store.initConversation('shop-0')
      return window.stored.list('', { limit: 1 })
    })

    expect(row).toMatchObject({ conversationId: streamed.conversationId, lastActivity: streamed.lastActivity })
    // 20 and 10,000 for the full 15 s.
    const seconds = (counts.updates * counts.updateMs) / 1_000
    expect(streamed.writes.count).toBeLessThanOrEqual(seconds + 5)
    expect(streamed.writes.characters).toBeLessThanOrEqual((seconds + 5) * 500)
    expect(streamed.writes.count).toBeGreaterThan(0)
    expect(browser.takeErrors()).toEqual([])
    const { count, characters } = streamed.writes
    Object.assign(task.meta, { measured: `${counts.updates} updates: ${count} writes, ${characters} characters` })
  },
)

async function seed(count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => ({
    conversationId: crypto.randomUUID(),
    workspace: `shop-${index % 100}`,
    userId: '',
    startedAt: index,
    lastActivity: Date.now() - index,
    messageCount: 4,
    lastMessagePreview:
      'As long as a preview gets, which is a hundred and twenty characters of what was said last, so about here',
    revision: 1,
  }))
  await window.stored.save(rows.map((session) => ({ session, base: 0, saveId: session.conversationId })))
}

async function stream({ updates, updateMs }: { updates: number; updateMs: number }) {
  const { store, writes } = window
  const conversationId = await store.initConversation('shop-0')
  const before = { ...writes }
  for (let update = 0; update < updates; update++) {
    await new Promise((resolve) => setTimeout(resolve, updateMs))
    store.updateActivity()
  }
  return {
    conversationId,
    lastActivity: store.getState().sessions[0]?.lastActivity,
    writes: { count: writes.count - before.count, characters: writes.characters - before.characters },
  }
}
