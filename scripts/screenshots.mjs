// The pictures of README and of the example, from the running demo: `npm run screenshots`. Writes docs/images/*.png.

import { mkdirSync } from 'node:fs'
import { chromium } from 'playwright'
import { runnerImport } from 'vite'

const load = async (/** @type {string} */ path) => (await runnerImport(path, { logLevel: 'error' })).module
const { setUpDemo, forget, newChat, say } = await load('./test/e2e/demo.ts')
const { chromiumLaunchOptions } = await load('./test/chromium/find-chromium.ts')

const folder = 'docs/images'
mkdirSync(folder, { recursive: true })
const demo = await setUpDemo()
const address = await demo.start()
const browser = await chromium.launch(chromiumLaunchOptions())
try {
  await takePictures()
} finally {
  await browser.close()
  await demo.end()
}

async function takePictures() {
  const context = await browser.newContext({ viewport: { width: 1200, height: 720 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(`${address}/chat`)
  for (const text of ['Remember that the harbour tour starts at 9', 'Tell me a story', 'Show me some code']) {
    await say(page, text)
    await newChat(page)
  }
  await say(page, 'My name is Ada')
  await say(page, 'How do you survive a reload?')
  await page.reload()
  await page.locator('[data-topic=resumed]').waitFor()
  await page.screenshot({ path: `${folder}/chat.png` })
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.screenshot({ path: `${folder}/chat-dark.png` })
  await page.emulateMedia({ colorScheme: 'light' })

  await newChat(page)
  await say(page, 'My name is Ada')
  await say(page, 'Remember that the demo is on Friday')
  await forget(page)
  await say(page, 'What is my name?')
  await page.locator('[data-topic=context-lost]').waitFor()
  await page.screenshot({ path: `${folder}/recovered.png` })
}
