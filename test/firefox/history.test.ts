import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launch, type Page } from 'puppeteer-core'
import { startHistorySite } from '../e2e/history/history-site.js'
import { historyCases, type PersonTab } from '../engines/history-cases.js'
import { findFirefox } from './firefox.js'

historyCases(async () => {
  const site = await startHistorySite()
  const profile = await mkdtemp(join(tmpdir(), 'leftoff-firefox-'))
  const browser = await launch({
    browser: 'firefox',
    executablePath: findFirefox(),
    userDataDir: profile,
    headless: true,
  })
  return {
    site,
    newTab: async () => personTab(await browser.newPage()),
    async end() {
      await browser.close()
      await site.end()
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
})

function personTab(page: Page): PersonTab {
  return {
    goto: (url) => page.goto(url),
    reload: () => page.reload(),
    // Puppeteer waits for a load, which a page that changes its own address does not have.
    goBack: () => page.evaluate(() => history.back()),
    goForward: () => page.evaluate(() => history.forward()),
    bringToFront: () => page.bringToFront(),
    click: (selector) => page.click(selector),
    press: (key) => page.keyboard.press(key),
    type: (text) => page.keyboard.type(text),
    evaluate: (run) => page.evaluate(run),
    evaluateWith: (run, numbers) => page.evaluate(run, numbers),
    close: () => page.close(),
  }
}
