import { type Browser, chromium, type Page } from 'playwright'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import type {} from '../../e2e/history/history-page.js'
import { type HistorySite, startHistorySite } from '../../e2e/history/history-site.js'

// Whatever people and agents write is text. The page has the strictest policy there is, so that a script would be reported even if it did not run.

const hostile = [
  '<script>window.hit = 1</script>',
  '<img src=x onerror="window.hit = 2">',
  '"><svg onload=window.hit=3>',
  "' autofocus onfocus='window.hit=4",
  'javascript:window.hit=5',
  '</title></style></textarea><iframe srcdoc="<script>parent.hit=6</script>">',
  '{{constructor.constructor("window.hit=7")()}}',
  '\u202e<b>\u2028hit</b>',
  '__proto__',
  'constructor',
]

let site: HistorySite
let browser: Browser

beforeAll(async () => {
  site = await startHistorySite()
  browser = await chromium.launch(chromiumLaunchOptions())
  return async () => {
    await browser.close()
    await site.end()
  }
})

/** A page under the policy, and what it violates, throws and asks. */
async function open(url: string): Promise<{ readonly page: Page; readonly problems: string[] }> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const problems: string[] = []
  page.on('dialog', (dialog) => problems.push(dialog.message()))
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.goto(url)
  await page.locator('#root > *').first().waitFor()
  return { page, problems }
}

it.each(['localStorage', 'dexie'] as const)(
  'no title, preview, id or draft runs, under CSP and trusted types, %s',
  async (adapter) => {
    const { page, problems } = await open(site.url(`scripts-${adapter}`, { adapter, isStrict: true }))
    // The policy is on: the page itself cannot do it.
    await expect(
      page.evaluate(() => {
        document.createElement('div').innerHTML = '<b>x</b>'
      }),
    ).rejects.toThrow(/TrustedHTML/)
    problems.length = 0

    await page.evaluate(async (hostile) => {
      const at = Date.now()
      const row = (text: string, kind: string, index: number) => ({
        userId: 'ada',
        workspace: 'shop',
        conversationId: `${text} ${kind}`,
        epoch: '',
        begins: at,
        activity: { at, rank: at + index },
        counts: { planted0: { messages: 1 } },
      })
      const refusals = await window.adapter.save(
        hostile.flatMap((text, index) => [
          { ...row(text, 'titled', index), titles: { person: { text, rank: at } } },
          { ...row(text, 'untitled', index), preview: { text, rank: at } },
        ]),
      )
      if (refusals.length > 0) throw new Error(JSON.stringify(refusals))
    }, hostile)
    await page.reload()
    const rows = page.locator('.leftoff-history-item')
    await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(2 * hostile.length)
    const shown = (await rows.allTextContents()).join('\n')
    for (const text of hostile.slice(0, 6)) expect(shown.split(text).length).toBeGreaterThan(2)
    // A person opens some, and reads what they typed there.
    for (const text of hostile.slice(0, 4)) {
      await page.evaluate(async (text) => {
        await window.store.switchConversation(`${text} titled`)
        window.store.setDraft(`${text} titled`, text)
      }, text)
      await expect.poll(() => page.evaluate(() => window.store.getState().currentConversationId)).toBe(`${text} titled`)
      await expect.poll(() => page.locator('textarea').first().inputValue()).toBe(text)
    }
    await page.reload()
    await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(2 * hostile.length)
    expect(await page.evaluate(() => Reflect.get(window, 'hit'))).toBeUndefined()
    expect(
      await page.locator('#root').locator('script, img, iframe, svg[onload], [onerror], [href^=javascript]').count(),
    ).toBe(0)
    expect(problems).toEqual([])
  },
)
