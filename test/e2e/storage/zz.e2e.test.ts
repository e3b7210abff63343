import { mkdtempSync } from 'node:fs'
import { chromium } from 'playwright'
import { it } from 'vitest'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import type {} from './storage-page.js'
import { startStorageSite } from './storage-site.js'

it('x', { timeout: 200000 }, async () => {
  const site = await startStorageSite()
  const c = await chromium.launchPersistentContext(mkdtempSync('/tmp/zz-'), chromiumLaunchOptions())
  console.log(c.browser()?.version())
  let n = 0
  for (const how of [
    'page.close',
    'page.close runBeforeUnload',
    'window.close opener open',
    'window.close opener closed',
    'window.close opener on same site',
    'closeTarget via another',
  ])
    for (let run = 0; run < 4; run++) {
      const url = site.url(`v${n++}`, 'dexie')
      let page
      let opener
      if (how.startsWith('window.close')) {
        opener = await c.newPage()
        if (how.endsWith('same site')) await opener.goto(url)
        ;[page] = await Promise.all([opener.waitForEvent('popup'), opener.evaluate(() => void window.open())])
        if (how.endsWith('closed')) await opener.close()
      } else page = await c.newPage()
      await page.goto(url)
      await page.evaluate(async () => {
        for (let i = 0; i < 20; i++) {
          window.store.newConversation('w' + i)
          window.store.recordMessage({ role: 'user', text: 'x' })
        }
        await window.store.flush()
        addEventListener('pagehide', () => localStorage.setItem('m-pagehide', '1'))
        addEventListener('visibilitychange', () => localStorage.setItem('m-hidden', '1'))
        for (const { conversationId } of window.store.getState().sessions)
          window.store.recordMessage({ role: 'user', text: 'y', conversationId })
      })
      const closed = page.waitForEvent('close')
      if (how.startsWith('window.close')) await page.evaluate(() => window.close()).catch(() => {})
      else await page.close({ runBeforeUnload: how.includes('runBefore') })
      await closed
      const next = await c.newPage()
      await next.goto(url)
      const r = await next.evaluate(async () => {
        const journal = Object.keys(localStorage).filter((k) => k.includes('journal')).length
        const hide = localStorage.getItem('m-pagehide'),
          hidden = localStorage.getItem('m-hidden')
        const saved = (await window.stored.list('', { limit: 100 })).filter((r) => r.messageCount === 2).length
        return { journal, hide, hidden, saved }
      })
      await new Promise((r) => setTimeout(r, 300))
      const later = await next.evaluate(() => Object.keys(localStorage).filter((k) => k.includes('journal')).length)
      console.log(how, JSON.stringify(r), 'later', later)
      await next.close()
      await opener?.close()
    }
  await c.close()
  await site.end()
})
