import type { Page } from 'playwright'
import { describe, expect, it } from 'vitest'
import { axeViolations } from '../support/axe-violations.js'
import { conversationId, forget, historyItems, openStored, say } from './demo.js'
import { shareDemo } from './shared-demo.js'

const demo = shareDemo({ agentPace: 0.3 })
const rules = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What axe has to say about the page as it is, in light and in dark. */
async function violations(page: Page): Promise<string[]> {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    found.push(...(await axeViolations(page, rules)).map((violation) => `${colorScheme}, ${violation}`))
  }
  return found
}

describe('axe finds nothing on the demo, light and dark,', () => {
  it('when it is empty, talking, recovered, and when a conversation is renamed or removed', async () => {
    const page = await demo.visit()
    expect(await violations(page)).toEqual([])
    await say(page, 'my name is Ada')
    await say(page, 'show me a table')
    await say(page, 'show me some code')
    await openStored(page)
    await page.locator('.stored-item summary').first().click()
    expect(await violations(page)).toEqual([])

    await page.getByTestId('stored-toggle').click()
    await forget(page)
    await say(page, 'what is my name?')
    await page.locator('[data-topic=context-lost]').waitFor()
    expect(await violations(page)).toEqual([])

    await historyItems(page).getByRole('button', { name: 'Rename' }).click()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await historyItems(page).getByRole('button', { name: 'Remove' }).click()
    expect(await violations(page)).toEqual([])
  })

  it('on a narrow screen, with the history and what is stored open, and with a failed message', async () => {
    const page = await demo.visit({ viewport: { width: 390, height: 780 } })
    await say(page, 'my name is Ada')
    await page.getByRole('button', { name: 'Chats' }).click()
    await page.getByRole('dialog', { name: 'Chats' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Guest' }).click()
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'What is stored' }).click()
    await page.getByRole('dialog', { name: 'What is stored' }).locator('.tab-key').waitFor()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')

    await page.route('**/api/turn', (route) => route.fulfill({ status: 400, json: {} }))
    await page.getByTestId('composer').fill('hello')
    await page.getByTestId('composer').press('Enter')
    await page.getByTestId('retry').waitFor()
    expect(await violations(page)).toEqual([])
    await page.unroute('**/api/turn')
    await page.getByTestId('retry').click()
    await page.getByTestId('message').getByText('Hello again, Ada.').waitFor()
    expect(await page.getByTestId('message').count()).toBe(4)
  })
})

describe('a finger', () => {
  it('has 44 px for each control: the chat, the chats, the menu and what is stored', async () => {
    const page = await demo.visit({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true })
    expect(await smallTargets(page)).toEqual([])
    await say(page, 'my name is Ada')
    await say(page, 'show me some code')
    expect(await smallTargets(page)).toEqual([])
    await page.getByRole('button', { name: 'Chats' }).click()
    await page.getByRole('searchbox').fill('Ada')
    expect(await smallTargets(page)).toEqual([])
    await page.getByRole('searchbox').fill('')
    await page.getByRole('button', { name: 'Guest' }).click()
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    expect(await smallTargets(page)).toEqual([])
    await page.getByRole('button', { name: 'What is stored' }).click()
    await page.getByRole('dialog', { name: 'What is stored' }).locator('.tab-key').waitFor()
    expect(await smallTargets(page)).toEqual([])
  })
})

/** The controls that are less than 44 px high or wide. Links within a text may be, and what nobody sees. */
function smallTargets(page: Page): Promise<string[]> {
  return page.locator('button, a:not(.skip), input, select, textarea, summary').evaluateAll((controls) =>
    controls.flatMap((control) => {
      const { width, height } = control.getBoundingClientRect()
      return control.checkVisibility() && (width < 44 || height < 44)
        ? [`${width} × ${height}: ${control.outerHTML}`]
        : []
    }),
  )
}

describe('without a mouse', () => {
  it('a conversation is begun, answered, stopped, left, renamed, opened again and removed', async () => {
    const page = await demo.visit()
    const { keyboard } = page
    const focused = () => page.evaluate(() => document.activeElement?.id)
    expect(await focused()).toBe('composer')
    await keyboard.type('my name is Ada')
    await keyboard.press('Enter')
    await page.locator('[data-testid=message][data-role=assistant]').waitFor()
    await keyboard.type('write a long answer')
    await keyboard.press('Enter')
    await page.locator('.writing').waitFor()
    await keyboard.press('Escape')
    await page.locator('[data-outcome=stopped]').waitFor()

    await tabTo(page, 'New chat', 'Shift+Tab')
    await keyboard.press('Enter')
    await page.locator('.welcome').waitFor()
    expect(await focused()).toBe('composer')
    await keyboard.type('a second one')
    await keyboard.press('Enter')
    await page.locator('[data-testid=message][data-role=assistant]').waitFor()

    await tabTo(page, 'a second one', 'Shift+Tab')
    await keyboard.press('F2')
    await keyboard.type('The second')
    await keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'The second' }).waitFor()
    await keyboard.press('ArrowDown')
    await keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'my name is Ada' }).waitFor()
    // Once its messages are there; before, the focus would go on under the keys.
    await expect.poll(focused).toBe('composer')

    await tabTo(page, 'The second', 'Shift+Tab')
    await keyboard.press('Delete')
    await expect.poll(() => historyItems(page).count()).toBe(1)
    await tabTo(page, 'What is stored', 'Tab')
    await keyboard.press('Enter')
    await page.getByTestId('transcript').waitFor()
    await tabTo(page, 'Forget the agent’s transcript', 'Tab')
    await keyboard.press('Enter')
    await page.locator('[data-topic=forgotten]').waitFor()
  })
})

describe('a screen reader', () => {
  it('announces that the agent lost the context, and that the conversation of a link is open elsewhere', async () => {
    const page = await demo.visit()
    await say(page, 'my name is Ada')
    await forget(page)
    await say(page, 'what is my name?')
    await page.getByRole('status').getByText('lost the earlier context').waitFor()

    const second = await page.context().newPage()
    await second.goto(`/chat/${await conversationId(page)}`)
    await second.getByRole('status').getByText('open in another tab').waitFor()
    expect(await violations(second)).toEqual([])
  })
})

describe('the layout', () => {
  it('has messages in line with the message field at each width, and nothing that is wider than the page', async () => {
    const page = await demo.visit({ viewport: { width: 1920, height: 700 } })
    await say(page, 'show me some code')
    await openStored(page)
    for (const width of [1920, 1280, 1200]) {
      await page.setViewportSize({ width, height: 700 })
      await expect.poll(() => outOfLine(page), { message: `${width} px` }).toEqual({ left: 0, right: 0, tooWide: 0 })
    }
    await page.getByTestId('stored-toggle').click()
    for (const width of [1024, 768, 390]) {
      await page.setViewportSize({ width, height: 700 })
      await expect.poll(() => outOfLine(page), { message: `${width} px` }).toEqual({ left: 0, right: 0, tooWide: 0 })
    }
  })
})

/** How far the code of an answer and the question above it end beside the message field, and the page beside the window. */
function outOfLine(page: Page) {
  return page.evaluate(() => {
    const rect = (selector: string) => {
      const found = [...document.querySelectorAll(selector)].at(-1)
      if (!found) throw new Error(`There is no ${selector}.`)
      return found.getBoundingClientRect()
    }
    const field = rect('.composer-box')
    return {
      left: Math.round(rect('.code').left - field.left),
      right: Math.round(rect('[data-role=user] .text').right - field.right),
      tooWide: document.documentElement.scrollWidth - innerWidth,
    }
  })
}

/** Moves the focus with `key` to the control whose name begins with `name`, as a person without a mouse does. */
async function tabTo(page: Page, name: string, key: 'Tab' | 'Shift+Tab'): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press(key)
    const focused = await page.evaluate(() => {
      const { activeElement } = document
      return activeElement?.ariaLabel ?? activeElement?.textContent?.trim()
    })
    if (focused?.startsWith(name)) return
  }
  throw new Error(`No ${key} leads to “${name}”.`)
}
