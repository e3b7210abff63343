import { beforeAll, describe, expect, it } from 'vitest'
import { counts, timeoutMs } from './counts.js'
import { type StorageBrowser, startStorageBrowser } from './storage-browser.js'
import type {} from './storage-page.js'

const storedSessions = 1_000
let browser: StorageBrowser

beforeAll(async () => {
  browser = await startStorageBrowser()
  return () => browser.end()
})

describe.each(['localStorage', 'dexie'] as const)('with 1,000 sessions stored, %s', (adapter) => {
  it.for([
    ['a row without texts', false],
    ['a row with a title and a preview', true],
  ] as const)(
    'a stream of activity costs about a small write a second, and the last value lands: %s',
    { timeout: timeoutMs },
    async ([, hasTexts], { task }) => {
      const page = await browser.open(`stream-${adapter}-${hasTexts}`, adapter)
      await page.evaluate(seed, { count: storedSessions, hasTexts })
      await page.reload()
      const streamed = await page.evaluate(stream, counts)
      await page.reload()
      const row = await page.evaluate(async () => {
        await window.store.initConversation('shop-0')
        return (await window.stored.list('', { limit: 1 })).sessions[0]
      })

      expect(row).toMatchObject({ conversationId: streamed.conversationId, lastActivity: streamed.lastActivity })
      // 20 and 10,000 for the full 15 s. What a row with texts costs is measured only.
      const seconds = (counts.updates * counts.updateMs) / 1_000
      expect(streamed.writes.count).toBeLessThanOrEqual(seconds + 5)
      if (!hasTexts) expect(streamed.writes.characters).toBeLessThanOrEqual((seconds + 5) * 500)
      expect(streamed.writes.count).toBeGreaterThan(0)
      expect(browser.takeErrors()).toEqual([])
      const { count, characters } = streamed.writes
      Object.assign(task.meta, { measured: `${counts.updates} updates: ${count} writes, ${characters} characters` })
    },
  )
})

async function seed({ count, hasTexts }: { count: number; hasTexts: boolean }): Promise<void> {
  const text =
    'As long as a preview gets, which is a hundred and twenty characters of what was said last, so about here'
  const changes = Array.from({ length: count }, (_, index) => ({
    userId: '',
    workspace: `shop-${index % 100}`,
    conversationId: crypto.randomUUID(),
    epoch: '',
    begins: index,
    activity: { at: Date.now() - index, rank: Date.now() - index },
    counts: { earlier1: { messages: 4 } },
    ...(hasTexts && { preview: { text, rank: 1 }, titles: { message: { text: text.slice(0, 60), rank: 1 } } }),
  }))
  const refusals = await window.stored.save(changes)
  if (refusals.length > 0) throw new Error(`Refused: ${JSON.stringify(refusals[0])}`)
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
