// The README's pictures, from the running demo: `npm run screenshots`. Writes docs/images/*.png.

import { mkdirSync } from 'node:fs'
import { chromium } from 'playwright'
import { runnerImport } from 'vite'

const load = async (/** @type {string} */ path) => (await runnerImport(path, { logLevel: 'error' })).module
const { setUpDemo, say } = await load('./test/e2e/demo.ts')
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
  const context = await browser.newContext({ viewport: { width: 1200, height: 720 } })
  const page = await context.newPage()
  await page.goto(`${address}/chat`)
  await say(page, 'Remember that the harbour tour starts at 9')
  await page.getByTestId('new-chat').click()
  await say(page, 'Tell me a story')
  await page.getByTestId('new-chat').click()
  await say(page, 'My name is Ada')
  await say(page, 'Remember that the demo is on Friday')
  await say(page, 'What do you remember?')
  await page.reload()
  await page.locator('[data-topic=resumed]').waitFor()
  await picture(page, 'resumed')

  await page.emulateMedia({ colorScheme: 'dark' })
  await picture(page, 'resumed-dark')
  await page.emulateMedia({ colorScheme: 'light' })

  // A link to this conversation in a second tab, which must not share it; then two tabs in one picture.
  const second = await context.newPage()
  await second.goto(`${address}/chat?conversation=${await page.getByTestId('conversation-id').textContent()}`)
  await second.locator('[data-topic=session]').waitFor()
  await say(second, 'A second tab has its own conversation')
  await picture(second, 'second-tab')
  await second.close()

  await page.getByTestId('forget').click()
  await page.locator('[data-topic=forgotten]').waitFor()
  await page.getByTestId('composer').fill('What is my name?')
  await page.getByTestId('composer').press('Enter')
  await page.locator('.writing').waitFor()
  await picture(page, 'recovered')
  await page.locator('[data-streaming]').waitFor({ state: 'detached' })

  await page.setViewportSize({ width: 390, height: 780 })
  await picture(page, 'narrow')
  await page.getByRole('button', { name: 'Chats' }).click()
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture(page, 'narrow-history-dark')
}

/**
 * @param {import('playwright').Page} page
 * @param {string} name
 */
async function picture(page, name) {
  await page.mouse.move(0, 0)
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .map((animation) =>
          animation.effect?.getComputedTiming().endTime === Infinity ? undefined : animation.finished,
        ),
    ),
  )
  await page.screenshot({ path: `${folder}/${name}.png` })
}
