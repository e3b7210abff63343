import { type Browser, launch, type Page } from 'puppeteer-core'
import { beforeAll, expect, it } from 'vitest'
import { chromiumArgs } from '../chromium/find-chromium.js'
import { startChatSite } from '../e2e/turns/chat-site.js'
import { findFullChromium } from './full-chromium.js'

let browser: Browser
let site: Awaited<ReturnType<typeof startChatSite>>

// Puppeteer: Playwright shows all of its pages at once. Here one tab of the window is shown, and the others are hidden.
beforeAll(async () => {
  site = await startChatSite()
  browser = await launch({ executablePath: findFullChromium(), args: [...chromiumArgs, '--no-sandbox'] })
  return async () => {
    await browser.close()
    await site.end()
  }
})

const shown = (page: Page) =>
  page.$$eval('section > ol > li', (lines) => lines.map(({ textContent }) => textContent ?? ''))
const visibility = (page: Page) => page.evaluate(() => document.visibilityState)

async function ask(page: Page, text: string) {
  const answering = site.answerTo(text)
  await page.waitForSelector('input:not([disabled])')
  await page.type('input', text)
  await page.keyboard.press('Enter')
  return answering
}

it('eight tabs of one origin in mid-answer, seven of them hidden: each can send, and catches up when it is shown', async () => {
  const tabs = []
  for (let index = 0; index < 8; index++) {
    const page = await browser.newPage()
    await page.goto(site.url('hidden', 'ada'))
    const answer = await ask(page, `question ${index}`)
    answer.say('one ')
    await expect.poll(() => shown(page)).toEqual([`user: question ${index}`, 'assistant: one  (answering)'])
    tabs.push({ page, answer })
  }
  expect(await Promise.all(tabs.map(({ page }) => visibility(page)))).toEqual([...Array(7).fill('hidden'), 'visible'])
  for (const { answer } of tabs) {
    answer.say('two')
    answer.end()
  }
  for (const [index, { page }] of tabs.entries()) {
    if (index < 7) expect(await shown(page)).toEqual([`user: question ${index}`, 'assistant: one  (answering)'])
    await page.bringToFront()
    await expect.poll(() => shown(page)).toEqual([`user: question ${index}`, 'assistant: one two'])
    const answer = await ask(page, 'and now')
    answer.say('here')
    answer.end()
    await expect.poll(async () => (await shown(page)).slice(2)).toEqual(['user: and now', 'assistant: here'])
  }
  expect(site.errors).toEqual([])
})
