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

describe('when the browser is killed 7 s after the first write of a page', () => {
  it('keeps in localStorage what flush() resolved for', { timeout: timeoutMs }, async ({ task }) => {
    const kept: number[] = []
    for (let run = 0; run < counts.kills; run++) {
      const page = await browser.open(`killed-later-${run}`, 'localStorage')
      await page.evaluate(() => window.store.initConversation('workspace-0'))
      await page.evaluate(saveRows, rows)
      // Chromium writes a page's first change to disk within 5 s; that is what is looked at.
      await page.waitForTimeout(7_000)
      await browser.killAfter(async () => {})
      const stored = await messageCounts(await browser.open(`killed-later-${run}`, 'localStorage'))
      kept.push(stored.filter((count) => count === 1).length)
    }
    expect(kept).toEqual(kept.map(() => rows))
    Object.assign(task.meta, { measured: `${kept.length} kills, ${rows} of ${rows} rows after each` })
  })
})

type Leaving = (typeof leavings)[number]
const leavings = ['is reloaded', 'goes to another site', 'is closed'] as const

describe('when a page goes away with unsaved messages in 20 conversations', () => {
  it.for(leavings)('saves each of them once when it %s, dexie', { timeout: timeoutMs }, async (event, { task }) => {
    const kept: number[] = []
    for (let run = 0; run < counts.leavings; run++) {
      const origin = `left-${event.replaceAll(' ', '-')}-${run}`
      const page = await browser.open(origin, 'dexie')
      await page.evaluate(saveRows, rows)

      await leave(page, event)

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
  })
})

describe('when a tab is closed right after the first message', () => {
  it.for(['localStorage', 'dexie'] as const)(
    'has the conversation in the next tab, %s',
    { timeout: timeoutMs },
    async (adapter, { task }) => {
      const kept: unknown[] = []
      for (let run = 0; run < counts.leavings; run++) {
        const origin = `first-message-${adapter}-${run}`
        const page = await browser.open(origin, adapter)
        await page.evaluate(async () => {
          await window.store.initConversation('shop')
          window.store.recordMessage({ role: 'user', text: 'Hello' })
        })
        await Promise.all([page.waitForEvent('close'), closeAsPersonDoes(page)])

        const next = await browser.open(origin, adapter)
        kept.push(
          await next.evaluate(async () => {
            const resumed = await window.store.initConversation('shop')
            const [row, ...others] = window.store.getState().sessions
            return [row?.conversationId === resumed, row?.messageCount, row?.lastMessagePreview, others.length]
          }),
        )
        await next.close()
      }
      expect(kept).toEqual(kept.map(() => [true, 1, 'Hello', 0]))
      expect(browser.takeErrors()).toEqual([])
      Object.assign(task.meta, { measured: `${kept.length} of ${kept.length} times` })
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

async function leave(page: Page, how: Leaving): Promise<void> {
  const act = async () => {
    // The page may be gone before it can answer.
    await page.evaluate(recordAndLeave, how).catch(() => {})
    if (how === 'is closed') await closeAsPersonDoes(page)
  }
  await Promise.all([how === 'is closed' ? page.waitForEvent('close') : page.waitForEvent('load'), act()])
}

/** All in one task: no promise of a save has a chance to settle. A person's close comes a moment later. */
function recordAndLeave(how: Leaving): void {
  for (const { conversationId } of window.store.getState().sessions) {
    window.store.recordMessage({ role: 'assistant', text: 'Hello to you', conversationId })
  }
  if (how === 'is reloaded') location.reload()
  if (how === 'goes to another site') location.href = location.href.replace(location.hostname, '127.0.0.1')
}

/** As by the tab's own button: the page is asked and told. A page that closes itself may be ended before it is told. */
function closeAsPersonDoes(page: Page): Promise<void> {
  return page.close({ runBeforeUnload: true })
}

function messageCounts(page: Page): Promise<readonly number[]> {
  return page.evaluate(async () => {
    const { sessions: stored } = await window.stored.list('', { limit: 1_000 })
    return stored.map(({ messageCount }) => messageCount)
  })
}
