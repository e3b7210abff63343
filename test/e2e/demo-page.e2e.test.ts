import { describe, expect, it } from 'vitest'
import { conversationId, historyItems, say } from './demo.js'
import { shareDemo } from './shared-demo.js'

const demo = shareDemo()

describe('a link to a conversation', () => {
  it('that is open in another tab gives a new one and says so; later it opens the conversation', async () => {
    const first = await demo.visit()
    await say(first, 'my name is Ada')
    const id = await conversationId(first)
    const link = first.getByRole('link', { name: 'Try to open this one twice' })
    const address = (await link.getAttribute('href')) ?? ''

    const [second] = await Promise.all([first.context().waitForEvent('page'), link.click()])
    await second.locator('[data-topic=session]', { hasText: 'open in another tab' }).waitFor()
    expect(await conversationId(second)).not.toBe(id)
    expect(new URL(second.url()).search).toBe('')

    await second.close()
    await first.goto('about:blank')
    await first.goto(address)
    await first.getByTestId('message').getByText('my name is Ada').waitFor()
    expect(await conversationId(first)).toBe(id)
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
  it('on the way to the messages is told, and they are loaded when asked again', async () => {
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

  it('with a browser that stores nothing is told, and the chat goes on', async () => {
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

  it('when a conversation is saved is told, and “Try now” saves it once there is room', async () => {
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
