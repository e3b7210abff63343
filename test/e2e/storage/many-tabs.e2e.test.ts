import type { Page } from 'playwright'
import { beforeAll, describe, expect, it } from 'vitest'
import { counts, timeoutMs } from './counts.js'
import { type StorageBrowser, startStorageBrowser } from './storage-browser.js'
import type {} from './storage-page.js'

let browser: StorageBrowser

beforeAll(async () => {
  browser = await startStorageBrowser()
  return () => browser.end()
})

describe.each(['localStorage', 'dexie'] as const)('many tabs that write at once, %s', (adapter) => {
  describe.each([
    ['in a workspace each', false],
    ['all in one workspace', true],
  ] as const)('%s', (_, isShared) => {
    it.for([
      ['as fast as they can', 0],
      ['25 ms apart', 25],
    ] as const)('keep every session, %s', { timeout: timeoutMs }, async ([, gapMs], { task }) => {
      const kept: string[] = []
      const agreedAfterMs: number[] = []
      for (let run = 0; run < counts.runs; run++) {
        const origin = `${adapter}-${isShared ? 'shared' : 'own'}-${gapMs}-${run}`
        const tabs: Page[] = []
        for (let tab = 0; tab < counts.tabs; tab++) tabs.push(await browser.open(origin, adapter))
        expect(await browser.renderers()).toBeGreaterThanOrEqual(counts.tabs)

        const workspaces = tabs.map((_, tab) => (isShared ? 'shop' : `shop-${tab}`))
        await Promise.all(tabs.map((page, tab) => page.evaluate(initConversation, workspaces[tab])))
        const written = await Promise.all(tabs.map((page) => writeSessions(page, gapMs)))
        agreedAfterMs.push(await agreement(tabs, Math.max(...written.map(({ flushedAt }) => flushedAt))))

        await browser.close()
        const reopened = await browser.open(origin, adapter)
        const stored = await reopened.evaluate(async () => (await window.stored.list('', { limit: 1_000 })).sessions)
        const whole = new Set(stored.filter((row) => row.messageCount === 1).map((row) => row.conversationId))
        const ids = written.flatMap((tab) => tab.ids)
        kept.push(`${ids.filter((id) => whole.has(id)).length} of ${ids.length}`)
        expect(stored).toHaveLength(ids.length)
        await reopened.close()
      }
      const all = counts.tabs * counts.sessions
      expect(kept).toEqual(Array.from({ length: counts.runs }, () => `${all} of ${all}`))
      expect(browser.takeErrors()).toEqual([])
      Object.assign(task.meta, {
        measured: `${kept.length} times ${kept[0]}; views agree after ${Math.max(...agreedAfterMs)} ms`,
      })
    })
  })
})

/** As people do it in a tab: a new chat and its first message, again and again. */
function writeSessions(page: Page, gapMs: number) {
  return page.evaluate(
    async ({ gapMs, sessions }) => {
      const { store } = window
      const ids: string[] = []
      for (let session = 0; session < sessions; session++) {
        if (gapMs > 0) await new Promise((resolve) => setTimeout(resolve, gapMs))
        ids.push(store.newConversation())
        store.recordMessage({ role: 'user', text: `Message ${session}` })
      }
      await store.flush()
      return { ids, flushedAt: Date.now() }
    },
    { gapMs, sessions: counts.sessions },
  )
}

function initConversation(workspace = ''): Promise<string> {
  return window.store.initConversation(workspace)
}

/** Waits until all tabs show the same; tells how long after `since` the last of them changed what it shows. */
async function agreement(tabs: readonly Page[], since: number): Promise<number> {
  const all = counts.tabs * counts.sessions
  await expect
    .poll(
      async () => {
        const views = await Promise.all(tabs.map((page) => page.evaluate(newestHundred)))
        return { shown: views[0]?.length, different: new Set(views.map((view) => JSON.stringify(view))).size }
      },
      { timeout: 10_000 },
    )
    .toEqual({ shown: Math.min(all, 100), different: 1 })
  const changedAt = await Promise.all(tabs.map((page) => page.evaluate(() => window.viewChangedAt)))
  return Math.max(0, ...changedAt.map((at) => at - since))
}

/** With fields in one order, as rows from storage have another than those made here. */
function newestHundred() {
  const inOrder = (row: object) => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))
  return window.store.getState().sessions.slice(0, 100).map(inOrder)
}
