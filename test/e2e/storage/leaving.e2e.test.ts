import type { Page } from 'playwright'
import { beforeAll, describe, expect, it } from 'vitest'
import { counts, timeoutMs } from './counts.js'
import { type StorageBrowser, startStorageBrowser } from './storage-browser.js'
import type {} from './storage-page.js'

const rows = 20
let browser: StorageBrowser

beforeAll(async () => {
  browser = await startStorageBrowser()
  return () => browser.end()
})

describe('when the browser is killed', () => {
  it('keeps in IndexedDB what flush() resolved for a moment ago', { timeout: timeoutMs }, async ({ task }) => {
    const kept: number[] = []
    for (let run = 0; run < counts.kills; run++) {
      const page = await browser.open(`killed-${run}`, 'dexie')
      await browser.killAfter(() => page.evaluate(saveRows, rows))
      const stored = await messageCounts(await browser.open(`killed-${run}`, 'dexie'))
      kept.push(stored.filter((count) => count === 1).length)
    }
    expect(kept).toEqual(kept.map(() => rows))
    Object.assign(task.meta, { measured: `${kept.length} kills, ${rows} of ${rows} rows after each` })
  })
})

describe('when a page goes away with unsaved messages in 20 conversations', () => {
  it.for(['is reloaded', 'goes to another site'] as const)(
    'saves each of them once when it %s, dexie',
    { timeout: timeoutMs },
    async (event, { task }) => {
      const kept: number[] = []
      for (let run = 0; run < counts.leavings; run++) {
        const origin = `left-${event.replaceAll(' ', '-')}-${run}`
        const page = await browser.open(origin, 'dexie', { mayClose: true })
        await page.evaluate(saveRows, rows)

        const isGone = page.waitForEvent('load')
        // The page may be gone before it can answer.
        await page.evaluate(recordAndLeave, event).catch(() => {})
        await isGone

        const next = event === 'is reloaded' ? page : await browser.open(origin, 'dexie')
        await next.evaluate(() => window.store.initConversation('workspace-0'))
        const stored = await messageCounts(next)
        expect(stored).toHaveLength(rows)
        kept.push(stored.filter((count) => count === 2).length)
        await next.close()
      }
      expect(kept).toEqual(kept.map(() => rows))
      expect(browser.takeErrors()).toEqual([])
      Object.assign(task.meta, { measured: `${kept.length} times, ${rows} of ${rows} rows after each` })
    },
  )
})

async function saveRows(rows: number): Promise<void> {
  const { store } = window
  for (let row = 0; row < rows; row++) {
    store.newConversation(`workspace-${row}`)
    store.recordMessage({ role: 'user', text: 'Hello' })
  }
  await store.flush()
}

/** All in one task: no promise of a save has a chance to settle. */
function recordAndLeave(event: 'is reloaded' | 'goes to another site'): void {
  for (const { conversationId } of window.store.getState().sessions) {
    window.store.recordMessage({ role: 'assistant', text: 'Hello to you', conversationId })
  }
  if (event === 'is reloaded') location.reload()
  else location.href = location.href.replace(location.hostname, '127.0.0.1')
}

function messageCounts(page: Page): Promise<readonly number[]> {
  return page.evaluate(async () => {
    const stored = await window.stored.list('', { limit: 1_000 })
    return stored.map(({ messageCount }) => messageCount)
  })
}
