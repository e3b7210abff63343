import { type Browser, chromium, type Page } from 'playwright'
import { beforeAll, describe, expect, it } from 'vitest'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import { axeViolations } from '../../support/axe-violations.js'
import type {} from './history-page.js'
import { type HistorySite, startHistorySite } from './history-site.js'

let browser: Browser
let site: HistorySite

beforeAll(async () => {
  site = await startHistorySite()
  browser = await chromium.launch(chromiumLaunchOptions())
  return async () => {
    await browser.close()
    await site.end()
  }
})

const sizes = { wide: { width: 1_280, height: 800 }, narrow: { width: 390, height: 844 } }
const folder = process.env.LEFTOFF_SCREENSHOTS

/** A page with 31 conversations over five weeks, the second of them open in another tab. */
async function open(size: keyof typeof sizes, colorScheme: 'light' | 'dark', origin: string): Promise<Page> {
  const context = await browser.newContext({ viewport: sizes[size], colorScheme, hasTouch: size === 'narrow' })
  const page = await context.newPage()
  await page.goto(site.url(origin))
  await page.evaluate(async () => {
    const changes = Array.from({ length: 31 }, (_, index) => {
      const at = Date.now() - index * 100_000_000
      const text =
        index % 3 === 0 ? `A question whose title is far too long for one line, number ${index}` : `Chat ${index}`
      return {
        userId: 'ada',
        workspace: 'shop',
        conversationId: `chat-${index}`,
        epoch: '',
        begins: at,
        activity: { at, rank: at },
        counts: { earlier0: { messages: 2 + index, usage: { input: 1_000, output: 400 } } },
        preview: { text: `What was said last in number ${index}`, rank: at },
        titles: { message: { text, rank: at } },
      }
    })
    await window.adapter.save(changes)
  })
  const other = await context.newPage()
  await other.goto(site.url(origin, { id: 'chat-1' }))
  await other.getByText('chat-1').waitFor()
  await page.goto(site.url(origin, { id: 'chat-0' }))
  await page.locator('[data-open-elsewhere]').waitFor()
  await page.bringToFront()
  return page
}

const screenshot = async (page: Page, name: string) => {
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
}

describe.each(['light', 'dark'] as const)('styled, %s,', (scheme) => {
  it.each(['wide', 'narrow'] as const)('a %s page: axe finds nothing, and 30 rows are whole', async (size) => {
    const page = await open(size, scheme, `look-${scheme}-${size}`)
    expect(await axeViolations(page)).toEqual([])
    await screenshot(page, `${scheme}-${size}`)
    const cut = await page.evaluate(() => {
      const rows = [...document.querySelectorAll<HTMLElement>('.leftoff-history-item')]
      const list = document.querySelector('.leftoff-history')?.getBoundingClientRect()
      const isCut = (row: HTMLElement) => {
        const box = row.getBoundingClientRect()
        return row.scrollHeight > row.clientHeight || !list || box.bottom > list.bottom || box.right > innerWidth
      }
      return { count: rows.length, cut: rows.filter(isCut).length, isScrolledSideways: scrollX > 0 }
    })
    expect(cut).toEqual({ count: 30, cut: 0, isScrolledSideways: false })

    const first = page.locator('.leftoff-history-item').first()
    await first.locator('.leftoff-history-rename').click()
    expect(await axeViolations(page)).toEqual([])
    await screenshot(page, `${scheme}-${size}-renaming`)
    await page.keyboard.press('Escape')
    await page.locator('[data-conversation-id=chat-1] .leftoff-history-open').click()
    await page.locator('.leftoff-notice-action').waitFor()
    await page.locator('[data-conversation-id=chat-3] .leftoff-history-remove').click()
    await page.locator('.leftoff-history-undo').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await screenshot(page, `${scheme}-${size}-watching`)
    await page.context().close()
  })
})

it('a title keeps its place and its size under the pointer', async () => {
  const page = await open('wide', 'light', 'hover')
  const rows = () =>
    page
      .locator('.leftoff-history-item')
      .evaluateAll((items) =>
        items.map((item) =>
          [item, item.querySelector('.leftoff-history-title')].map((it) => it?.getBoundingClientRect().toJSON()),
        ),
      )
  const before = await rows()
  await page.locator('.leftoff-history-item').nth(2).hover()
  await expect
    .poll(() =>
      page
        .locator('.leftoff-history-remove')
        .nth(2)
        .evaluate((button) => getComputedStyle(button).opacity),
    )
    .toBe('1')
  expect(await rows()).toEqual(before)
  expect(
    await page
      .locator('.leftoff-history-remove')
      .nth(4)
      .evaluate((button) => getComputedStyle(button).opacity),
  ).toBe('0')
  await page.context().close()
})

it('has targets of 44 px for fingers', async () => {
  const page = await open('narrow', 'light', 'touch')
  expect(await page.evaluate(() => matchMedia('(pointer: coarse)').matches)).toBe(true)
  const small = () =>
    page.locator('.leftoff-history :is(button, input), .leftoff-notice button').evaluateAll((targets) =>
      targets.flatMap((target) => {
        const { width, height } = target.getBoundingClientRect()
        return Math.min(width, height) < 44 ? [`${target.className} ${width}x${height}`] : []
      }),
    )
  expect(await small()).toEqual([])
  await page.locator('.leftoff-history-rename').first().tap()
  expect(await small()).toEqual([])
  await page.keyboard.press('Escape')
  await page.locator('.leftoff-history-remove').first().tap()
  await page.locator('.leftoff-history-undo').waitFor()
  expect(await small()).toEqual([])
  await page.context().close()
})

it('without a mouse: a conversation is opened, renamed, removed and brought back, another taken over', async () => {
  const page = await open('wide', 'light', 'keyboard')
  const { keyboard } = page
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '')
  const tabTo = async (text: string) => {
    for (let stop = 0; stop < 120 && !(await focused()).startsWith(text); stop++) await keyboard.press('Tab')
    expect(await focused()).toMatch(new RegExp(`^${text}`))
  }
  await tabTo('New chat')
  await tabTo('A question')
  await keyboard.press('ArrowDown')
  await keyboard.press('ArrowDown')
  await keyboard.press('Enter')
  await page.locator('#conversation', { hasText: 'chat-2' }).waitFor()
  await keyboard.press('F2')
  await keyboard.type('Renamed')
  await keyboard.press('Enter')
  await page.getByText('Renamed to “Renamed”.').waitFor()
  expect(await focused()).toMatch(/^Renamed/)
  await keyboard.press('Delete')
  await page.getByText('“Renamed” was removed.').waitFor()
  await keyboard.press('Control+z')
  await page.getByText('“Renamed” is back.').waitFor()
  expect(await focused()).toMatch(/^Renamed/)
  await page.locator('#conversation', { hasText: 'chat-2' }).waitFor()

  await keyboard.press('ArrowUp')
  await keyboard.press('Enter')
  await page.locator('.leftoff-notice-text').waitFor()
  await tabTo('Use here')
  await keyboard.press('Enter')
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA')
  await keyboard.type('with the keyboard')
  await page.context().close()
})
