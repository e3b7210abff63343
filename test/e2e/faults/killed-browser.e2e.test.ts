import type { Page } from 'playwright'
import { describe } from 'vitest'
import { fault } from '../../faults/fault.js'
import { type StorageBrowser, startStorageBrowser } from '../storage/storage-browser.js'
import type {} from '../storage/storage-page.js'

// At once, as they do nothing but wait: each has a browser of its own.
describe.concurrent('a browser that is killed', () => {
  fault('S19', {
    title: 'keeps what localStorage was given 7 s before, in a page opened 6 s earlier',
    run: () => sayAndKill(async () => {}),
    seen: { said: 20, stored: 0 },
    right: { said: 20, stored: 20 },
  })

  fault('S19b', {
    title: 'keeps what localStorage was given 7 s before, in a page where a draft was typed first',
    run: () =>
      sayAndKill(async (page, id) => {
        await page.evaluate((id) => {
          for (const typed of ['H', 'He', 'Hello']) window.store.setDraft(id, typed)
        }, id)
      }),
    // What it came to with the draft in localStorage while it is typed.
    seen: { said: 20, stored: 0 },
    right: { said: 20, stored: 20 },
  })
})

/** Opens a page, does `first` in it, says 20 things 6 s later, and kills the browser 7 s after they were saved. */
async function sayAndKill(first: (page: Page, conversationId: string) => Promise<void>) {
  const browser = await startStorageBrowser()
  try {
    return await sayAndKillIn(browser, first)
  } finally {
    await browser.end()
  }
}

async function sayAndKillIn(browser: StorageBrowser, first: (page: Page, conversationId: string) => Promise<void>) {
  const page = await browser.open('killed', 'localStorage')
  const id = await page.evaluate(() => window.store.initConversation('shop'))
  await first(page, id)
  // Chromium commits a page's first change after 5 s and later ones up to a minute later.
  await page.waitForTimeout(6_000)
  await page.evaluate(async () => {
    for (let count = 0; count < 20; count++) window.store.recordMessage({ role: 'user', text: 'Hello' })
    await window.store.flush()
  })
  await page.waitForTimeout(7_000)
  await browser.killAfter(async () => {})
  const again = await browser.open('killed', 'localStorage')
  await again.evaluate(() => window.store.initConversation('shop'))
  const stored = await again.evaluate(() => window.store.getState().sessions.map((row) => row.messageCount))
  return { said: 20, stored: stored.reduce((sum, count) => sum + count, 0) }
}
