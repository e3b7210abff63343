import type { Page } from 'playwright'
import { describe, expect, it } from 'vitest'
import { historyItems, newChat, say } from './demo.js'
import { shareDemo } from './shared-demo.js'
import { send, serveTurnDemo } from './turns/turn-demo.js'

const demo = shareDemo({ agentPace: 0.3 })

const lastAnswer = (page: Page) => page.locator('[data-role=assistant]').last()

describe('a message', () => {
  it('can be copied, edited, and answered again in the place of the answer before', async () => {
    const page = await demo.visit({ permissions: ['clipboard-read', 'clipboard-write'] })
    await say(page, 'my name is Ada')
    await page.getByRole('button', { name: 'Copy answer' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^Nice to meet you, Ada/)

    await page.getByRole('button', { name: 'Answer again' }).click()
    await page.locator('[data-topic=again]').waitFor()
    await lastAnswer(page).getByText('Once more').waitFor()
    await page.locator('[data-streaming]').waitFor({ state: 'detached' })
    expect(await page.getByTestId('message').count()).toBe(2)
    await historyItems(page).getByText('2 messages').waitFor()

    await page.getByTestId('composer').press('ArrowUp')
    await expect.poll(() => page.getByTestId('composer').inputValue()).toBe('my name is Ada')
    await page.getByTestId('composer').fill('')
    await page.locator('[data-role=user]').hover()
    await page.getByRole('button', { name: 'Edit' }).click()
    await expect.poll(() => page.getByTestId('composer').inputValue()).toBe('my name is Ada')
  })

  it('that is stopped reads the same before and after a reload, and says so', async () => {
    const page = await demo.visit()
    await page.getByTestId('composer').fill('write a long answer')
    await page.getByTestId('composer').press('Enter')
    await lastAnswer(page).getByText('A tab is a place').first().waitFor()
    await page.getByTestId('stop').click()
    await page.locator('[data-outcome=stopped]').waitFor()
    const text = () => lastAnswer(page).locator('.text').textContent()
    const before = await text()
    await page.reload()
    await page.locator('[data-outcome=stopped]').waitFor()
    expect(await text()).toBe(before)
  })

  it('that is being typed stays with its conversation, through a switch and a reload', async () => {
    const page = await demo.visit()
    await say(page, 'my name is Ada')
    const field = page.getByTestId('composer')
    await field.fill('half a sen')
    await newChat(page)
    await expect.poll(() => field.inputValue()).toBe('')
    await page.goBack()
    await expect.poll(() => field.inputValue()).toBe('half a sen')
    await page.reload()
    await page.locator('[data-topic=resumed]', { hasText: 'draft' }).waitFor()
    await expect.poll(() => field.inputValue()).toBe('half a sen')
  })

  it('has as much room as it needs, and none of it moves when it is sent', async () => {
    const page = await demo.visit()
    const field = page.getByTestId('composer')
    const height = async () => (await field.boundingBox())?.height ?? 0
    const one = await height()
    await field.fill('one\ntwo\nthree\nfour')
    expect(await height()).toBeGreaterThan(2 * one)
    await field.fill('')
    expect(await height()).toBe(one)
    // Not by what WebKit does not have.
    expect(await field.evaluate((element) => getComputedStyle(element).getPropertyValue('field-sizing'))).not.toBe(
      'content',
    )
  })
})

describe('an answer', () => {
  it('is Markdown, of which nothing runs and nothing is loaded from elsewhere', async () => {
    const turns = await serveTurnDemo()
    const page = await demo.guest()
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    page.on('dialog', (dialog) => asked.push(dialog.message()))
    await page.goto(`${turns.address}/chat`)
    const next = turns.nextAnswer()
    await send(page, 'hello')
    const answer = await next
    answer.say('## A heading\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n```ts\nconst x = 1\n```\n\n')
    answer.say('![a picture](https://elsewhere.example/x.png) <img src="https://elsewhere.example/y.png">\n\n')
    answer.say('<script>alert(1)</script><b onclick="alert(1)">bold</b> [run](javascript:alert(1)) ')
    answer.say(
      '\n\n[there](https://elsewhere.example) <form action="https://elsewhere.example"><button>go</button></form>',
    )
    answer.end()
    await page.locator('[data-testid=message][data-role=assistant]').waitFor()
    const text = lastAnswer(page).locator('.text')
    expect(await text.locator('h2, table, pre').count()).toBe(3)
    expect(await text.locator('img, script, form, [onclick], [href^=javascript]').count()).toBe(0)
    const links = await text
      .locator('a[href]')
      .evaluateAll((all) => all.map((one) => [one.textContent, one.getAttribute('rel')]))
    expect(links).toEqual([
      ['a picture', 'noopener noreferrer nofollow'],
      ['there', 'noopener noreferrer nofollow'],
    ])
    expect(asked.filter((url) => !url.startsWith(turns.address) && !url.startsWith('data:'))).toEqual([])
    await turns.close()
  })

  it('has a table from its head on, and each row when it is whole', async () => {
    const turns = await serveTurnDemo()
    const page = await demo.guest()
    await page.goto(`${turns.address}/chat`)
    const next = turns.nextAnswer()
    await send(page, 'hello')
    const answer = await next
    const text = page.locator('[data-streaming] .text')
    for (const [piece, shown] of [
      ['So:\n\n| What | Wh', 'So:'],
      ['ere |\n| --- ', 'So:'],
      ['| --- |\n| a row', 'So:WhatWhere'],
      [' | here |\n| ano', 'So:WhatWherea rowhere'],
    ] as const) {
      answer.say(piece)
      await expect.poll(async () => (await text.textContent())?.replaceAll('\n', '')).toBe(shown)
    }
    answer.say('ther | there |')
    answer.end()
    await expect
      .poll(() => lastAnswer(page).locator('td').allTextContents())
      .toEqual(['a row', 'here', 'another', 'there'])
    await turns.close()
  })
})

describe('the page', () => {
  it('keeps the theme that was picked, from the first paint on', async () => {
    const page = await demo.visit({ colorScheme: 'light' })
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await ground()
    await page.getByRole('button', { name: 'Guest' }).click()
    await page.getByRole('button', { name: 'Dark' }).click()
    await expect.poll(ground).not.toBe(light)
    const response = await page.reload()
    expect(await response?.text()).toContain('<html data-theme="dark"')
    expect(await ground()).not.toBe(light)
  })

  it('is never wider than its window, with a word of 150 letters', async () => {
    const page = await demo.visit({ viewport: { width: 390, height: 844 } })
    await say(page, `remember that ${'abcdefghij'.repeat(15)}`)
    await say(page, 'show me a table')
    await say(page, 'show me some code')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    const messages = page.locator('.messages')
    expect(await messages.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0)
  })

  it('moves nothing that is read while an answer comes, ends and is saved', async () => {
    const page = await demo.guest()
    await page.addInitScript(() => {
      Object.assign(globalThis, { shift: 0 })
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { value = 0, hadRecentInput = false } = entry as PerformanceEntry & {
            value?: number
            hadRecentInput?: boolean
          }
          if (!hadRecentInput) Object.assign(globalThis, { shift: Reflect.get(globalThis, 'shift') + value })
        }
      }).observe({ type: 'layout-shift', buffered: true })
    })
    await page.goto('/chat')
    await page.locator('.welcome').waitFor()
    await say(page, 'my name is Ada')
    await page.getByRole('status').getByText('Saved', { exact: true }).waitFor()
    await page.reload()
    await page.locator('[data-topic=resumed]').waitFor()
    expect(await page.evaluate(() => Reflect.get(globalThis, 'shift'))).toBeLessThan(0.02)
  })
})
