import { chromium, type Page } from 'playwright'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import { historyCases, type PersonTab } from '../../engines/history-cases.js'
import { startHistorySite } from './history-site.js'

historyCases(async () => {
  const site = await startHistorySite()
  const browser = await chromium.launch(chromiumLaunchOptions())
  const context = await browser.newContext()
  return {
    site,
    newTab: async () => personTab(await context.newPage()),
    async end() {
      await browser.close()
      await site.end()
    },
  }
})

function personTab(page: Page): PersonTab {
  return {
    goto: (url) => page.goto(url),
    reload: () => page.reload(),
    goBack: () => page.goBack(),
    goForward: () => page.goForward(),
    bringToFront: () => page.bringToFront(),
    click: (selector) => page.click(selector),
    press: (key) => page.keyboard.press(key),
    type: (text) => page.keyboard.type(text),
    evaluate: (run) => page.evaluate(run),
    evaluateWith: (run, numbers) => page.evaluate(run, numbers),
    close: () => page.close(),
  }
}
