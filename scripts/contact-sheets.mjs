// How the demo looks: every state at four widths, light and dark, a contact sheet per width, to be looked at. `npm run contact-sheets`
// writes .cache/contact-sheets; `-- 390 offline` takes one width, and the states with that word.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { chromium } from 'playwright'
import { runnerImport } from 'vite'

const load = async (/** @type {string} */ path) => (await runnerImport(path, { logLevel: 'error' })).module
const { setUpDemo, forget, openStored, say } = await load('./test/e2e/demo.ts')
const { chromiumLaunchOptions } = await load('./test/chromium/find-chromium.ts')

/** @typedef {import('playwright').Page} Page */

const heights = { 390: 844, 768: 1024, 1280: 800, 1920: 1080 }
const [only, state = ''] = process.argv.slice(2)
const folder = '.cache/contact-sheets'
mkdirSync(folder, { recursive: true })

/** @type {Record<string, (page: Page, isNarrow: boolean) => Promise<unknown>>} */
const states = {
  async empty() {},
  async 'one conversation'(page) {
    await say(page, 'My name is Ada')
    await say(page, 'How do you survive a reload?')
  },
  async 'ten conversations, resumed'(page, isNarrow) {
    await seed(page, 9)
    await say(page, 'Remember that the harbour tour starts at 9')
    await say(page, 'What do you remember?')
    await page.reload()
    await page.locator('[data-topic=resumed]').waitFor()
    if (isNarrow) await page.getByRole('button', { name: 'Chats' }).click()
  },
  async '200 conversations, one removed'(page, isNarrow) {
    await seed(page, 199)
    await say(page, 'My name is Ada')
    if (isNarrow) await page.getByRole('button', { name: 'Chats' }).click()
    const row = page.locator('.leftoff-history-item').nth(1)
    await row.hover()
    await row.getByRole('button', { name: 'Remove' }).click()
  },
  async 'a filter'(page, isNarrow) {
    await seed(page, 199)
    if (isNarrow) await page.getByRole('button', { name: 'Chats' }).click()
    await page.getByRole('searchbox').fill('tour 1')
    await page.getByText('found').waitFor()
    await page.getByRole('searchbox').focus()
  },
  async 'a long answer, its beginning'(page) {
    await say(page, 'Write a long answer')
    await page.locator('.messages').evaluate((messages) => messages.scrollTo(0, 0))
    await page.locator('.to-end').waitFor()
  },
  async 'a long answer, its end'(page) {
    await say(page, 'Write a long answer')
  },
  async 'code, and a word of 150 letters'(page) {
    await say(page, 'Show me some code')
    await say(page, `Remember that ${'abcdefghij'.repeat(15)}`)
  },
  async 'being written, thinking'(page) {
    await page.route('**/api/turn', () => {}) // it never answers
    await page.getByTestId('composer').fill('Tell me a story')
    await page.getByTestId('composer').press('Enter')
    await page.locator('.thinking').waitFor()
  },
  async 'a failed message, a draft of six lines'(page) {
    await page.route('**/api/turn', (route) => route.fulfill({ status: 400, json: {} }))
    await page.getByTestId('composer').fill('Hello')
    await page.getByTestId('composer').press('Enter')
    await page.getByTestId('retry').waitFor()
    await page.getByTestId('composer').fill('One\nTwo\nThree\nFour\nFive\nSix')
  },
  async offline(page) {
    await say(page, 'My name is Ada')
    await page.context().setOffline(true)
    await page.locator('[data-topic=offline]').waitFor()
  },
  async 'storage full'(page) {
    await page.evaluate(() => {
      Storage.prototype.setItem = () => {
        throw new DOMException('full', 'QuotaExceededError')
      }
    })
    await say(page, 'My name is Ada')
    await page.locator('[data-topic=unsaved]').waitFor()
  },
  async 'watched elsewhere'(page) {
    await say(page, 'My name is Ada')
    const second = await page.context().newPage()
    await second.setViewportSize(page.viewportSize() ?? { width: 1280, height: 800 })
    await second.goto(page.url())
    await second.locator('[data-status=watching] > .leftoff-notice-text').waitFor()
    await second.getByTestId('message').getByText('Nice to meet you').waitFor()
    return second
  },
  async 'context lost'(page) {
    await say(page, 'My name is Ada')
    await forget(page)
    await say(page, 'What is my name?')
    await page.locator('[data-topic=context-lost]').waitFor()
  },
  async 'what is stored'(page) {
    await say(page, 'My name is Ada')
    await openStored(page)
    await page.getByTestId('transcript').waitFor()
  },
  async 'the menu'(page, isNarrow) {
    if (isNarrow) await page.getByRole('button', { name: 'Chats' }).click()
    await page.getByRole('button', { name: 'Guest' }).click()
  },
  async 'what just happened'(page) {
    await say(page, 'My name is Ada')
    await page.reload()
    await page.locator('[data-topic=resumed]').waitFor()
    await page.getByRole('button', { name: 'What just happened' }).click()
  },
  async shortcuts(page) {
    await page.getByTestId('composer').blur()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  },
}

const demo = await setUpDemo({ agentPace: 0.01 })
const address = await demo.start()
const browser = await chromium.launch(chromiumLaunchOptions())
try {
  for (const [width, height] of Object.entries(heights)) {
    if (only === undefined || only === width) await sheet(Number(width), height)
  }
} finally {
  await browser.close()
  await demo.end()
}

/** Every state at one width. @param {number} width @param {number} height */
async function sheet(width, height) {
  /** @type {{ name: string, light: string, dark: string }[]} */
  const shots = []
  for (const [name, reach] of Object.entries(states)) {
    if (!name.includes(state)) continue
    const isNarrow = width < 768
    const context = await browser.newContext({
      viewport: { width, height },
      baseURL: address,
      reducedMotion: 'reduce',
      ...(isNarrow && { hasTouch: true, isMobile: true }),
    })
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    await page.goto('/chat')
    await page.locator('.welcome').waitFor()
    const other = await reach(page, isNarrow)
    const shown =
      typeof other === 'object' && other !== null && 'screenshot' in other ? /** @type {Page} */ (other) : page
    const shot = async (/** @type {'light' | 'dark'} */ colorScheme) => {
      await shown.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const path = `${folder}/${width}-${shots.length}-${colorScheme}.png`
      await shown.screenshot({ path })
      return path
    }
    shots.push({ name, light: await shot('light'), dark: await shot('dark') })
    await context.close()
  }
  const page = await browser.newPage({ viewport: { width: 2400, height: 1000 } })
  const shownWidth = width < 768 ? 330 : 560
  const image = (/** @type {string} */ path) =>
    `<img width="${shownWidth}" src="data:image/png;base64,${readFileSync(path).toString('base64')}">`
  const figures = shots.map(
    ({ name, light, dark }) => `<figure><figcaption>${name}</figcaption>${image(light)}${image(dark)}</figure>`,
  )
  const style = `body{font:14px sans-serif;display:flex;flex-wrap:wrap;gap:24px;background:#888}figure{margin:0}img{margin-right:6px;display:inline-block}`
  await page.setContent(`<style>${style}</style>${figures.join('')}`)
  writeFileSync(`${folder}/${width}.png`, await page.screenshot({ fullPage: true }))
  await page.close()
  console.log(`${folder}/${width}.png: ${shots.map(({ name }) => name).join(', ')}`)
}

/**
 * Conversations of earlier days, as an older app would have left them.
 *
 * @param {Page} page
 * @param {number} count
 */
async function seed(page, count) {
  const hour = 60 * 60 * 1000
  const sessions = Array.from({ length: count }, (_, index) => ({
    conversationId: crypto.randomUUID(),
    workspace: 'demo.alive.best',
    title: [`Harbour tour ${index}, and what the clerk would need to write down about it`, `Invoice ${index}`][
      index % 2
    ],
    messageCount: 2 + (index % 7),
    lastActivity: Date.now() - index * 5 * hour,
  }))
  const blob = { sessions, currentConversationId: '', currentWorkspace: '' }
  await page.goto('/api/anything')
  await page.evaluate((text) => localStorage.setItem('claude-session-storage', text), JSON.stringify(blob))
  await page.goto('/chat')
  await page
    .locator('.leftoff-history-item')
    .first()
    .waitFor({ state: 'attached' })
    .catch(() => {})
  await page.getByTestId('composer').waitFor()
}
