import { describe, expect, it } from 'vitest'
import { conversationId, historyItems, newChat, say } from './demo.js'
import { shareDemo } from './shared-demo.js'

// Nobody looks at it while it writes.
const demo = shareDemo({ agentPace: 0.2 })

describe('a link to a conversation', () => {
  it('that is open in another tab is watched there, until “Use here” moves it over', async () => {
    const first = await demo.visit()
    await say(first, 'my name is Ada')
    const id = await conversationId(first)
    const link = first.getByRole('link', { name: 'Open this one in a second tab' })

    const [second] = await Promise.all([first.context().waitForEvent('page'), link.click()])
    await second.locator('[data-topic=watching]', { hasText: 'open in another tab' }).waitFor()
    await second.getByTestId('message').getByText('my name is Ada').waitFor()
    expect(await conversationId(second)).toBe(id)
    expect(new URL(second.url()).search).toBe('')
    expect(await second.getByTestId('composer').isDisabled()).toBe(true)

    // What is said in the tab that has it shows in the one that watches.
    await say(first, 'remember that the demo is on Friday')
    await second.getByTestId('message').getByText('Noted: the demo is on Friday').waitFor()

    await second.getByRole('button', { name: 'Use here' }).click()
    await first.locator('[data-topic=watching]').waitFor()
    await second.locator('[data-topic=watching]').waitFor({ state: 'detached' })
    expect(await first.getByTestId('composer').isDisabled()).toBe(true)
    expect(await say(second, 'what is my name?')).toMatch(/Ada/)
    await first.getByTestId('message').getByText('what is my name?').waitFor()
    expect(await conversationId(first)).toBe(id)
  })

  it('that nobody has open opens it', async () => {
    const page = await demo.visit()
    await say(page, 'my name is Ada')
    const id = await conversationId(page)
    await newChat(page)
    await say(page, 'another one')
    await page.goto(`/chat?conversation=${id}`)
    await page.getByTestId('message').getByText('my name is Ada').waitFor()
    expect(await conversationId(page)).toBe(id)
  })

  it('that does not exist gives a new one and says so', async () => {
    const page = await demo.guest()
    await page.goto('/chat?conversation=unknown')
    await page.locator('[data-topic=session]', { hasText: 'does not exist' }).waitFor()
    expect(await conversationId(page)).not.toBe('unknown')
    expect(new URL(page.url()).search).toBe('')
    expect(await say(page, 'my name is Ada')).toMatch(/Ada/)
  })
})

describe('the history', () => {
  it('is titled by the first message, until the person names the conversation', async () => {
    const page = await demo.visit()
    await say(page, 'my name is Ada')
    await say(page, 'what is my name?')
    const title = historyItems(page).locator('.leftoff-history-title')
    expect(await title.textContent()).toBe('my name is Ada')
    await historyItems(page).getByRole('button', { name: 'Rename' }).click()
    await page.keyboard.type('Names')
    await page.keyboard.press('Enter')
    await say(page, 'hello')
    await page.reload()
    await page.locator('[data-topic=resumed]').waitFor()
    expect(await title.textContent()).toBe('Names')
    expect(await historyItems(page).textContent()).toMatch(/6 messages.*tokens/)
  })
})

describe('what goes wrong', () => {
  it('while messages load is shown, and “Try again” loads them', async () => {
    const page = await demo.visit()
    await say(page, 'my name is Ada')
    await page.route('**/messages', (route) => route.abort())
    await page.reload()
    await page.getByText('The server could not be reached').waitFor()
    expect(await page.getByTestId('composer').isDisabled()).toBe(true)
    await page.unroute('**/messages')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByTestId('message').getByText('my name is Ada').waitFor()
  })

  it('with a browser that stores nothing is shown, and the chat continues', async () => {
    const page = await demo.guest()
    await page.addInitScript(() => {
      const refuse = () => {
        throw new DOMException('blocked', 'SecurityError')
      }
      for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get: refuse })
    })
    await page.goto('/chat')
    await page.getByRole('status').getByText('cannot store anything').waitFor()
    expect(await say(page, 'my name is Ada')).toMatch(/Ada/)
    await page.getByRole('status').getByText('Not saved').waitFor()
  })

  it('while a conversation is saved is shown, and “Try now” saves it once there is room', async () => {
    const page = await demo.visit()
    await page.evaluate(() => {
      const { setItem } = Storage.prototype
      Storage.prototype.setItem = () => {
        throw new DOMException('full', 'QuotaExceededError')
      }
      addEventListener('room', () => {
        Storage.prototype.setItem = setItem
      })
    })
    await say(page, 'my name is Ada')
    await page.getByRole('button', { name: 'Try now' }).waitFor()
    await page.evaluate(() => dispatchEvent(new Event('room')))
    await page.getByRole('button', { name: 'Try now' }).click()
    await page.getByRole('status').getByText('Saved', { exact: true }).waitFor()
  })
})
