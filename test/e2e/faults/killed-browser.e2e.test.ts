import { describe, onTestFinished } from 'vitest'
import { fault } from '../../faults/fault.js'
import { startStorageBrowser } from '../storage/storage-browser.js'
import type {} from '../storage/storage-page.js'

describe('a browser that is killed', () => {
  fault('S19', {
    title: 'keeps what localStorage was given 7 s before, in a page opened 6 s earlier',
    async run() {
      const browser = await startStorageBrowser()
      onTestFinished(() => browser.end())
      const page = await browser.open('killed', 'localStorage')
      await page.evaluate(() => window.store.initConversation('shop'))
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
    },
    seen: { said: 20, stored: 0 },
    right: { said: 20, stored: 20 },
  })
})
