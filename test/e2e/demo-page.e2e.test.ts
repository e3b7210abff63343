import { describe, expect, it } from 'vitest'
import { conversationId, historyItems, messages, newChat, openStored, say } from './demo.js'
import { shareDemo } from './shared-demo.js'

// Nobody looks at it while it writes.
const demo = shareDemo({ agentPace: 0.1 })

describe('an address', () => {
  it('that is open in another tab is watched there, until “Use here” moves it over', async () => {
    const first = await demo.visit()
    await say(first, 'my name is Ada')
    const id = await conversationId(first)
    const link = first.getByRole('link', { name: 'Open this chat in a second tab' })

    const [second] = await Promise.all([first.context().waitForEvent('page'), link.click()])
    const watching = '[data-status=watching] > .leftoff-notice-text'
    await second.locator(watching, { hasText: 'open in another tab' }).waitFor()
    await second.getByTestId('message').getByText('my name is Ada').waitFor()
    expect(await conversationId(second)).toBe(id)
    expect(new URL(second.url()).pathname).toBe(`/chat/${id}`)
    expect(await second.getByTestId('composer').count()).toBe(0)

    // What is said in the tab that has it shows in the one that watches.
    await say(first, 'remember that the demo is on Friday')
    await second.getByTestId('message').getByText('Noted: the demo is on Friday').waitFor()

    await second.getByRole('button', { name: 'Use here' }).click()
    await first.locator(watching).waitFor()
    await second.locator(watching).waitFor({ state: 'detached' })
    expect(await first.getByTestId('composer').count()).toBe(0)
    expect(await say(second, 'what is my name?')).toMatch(/Ada/)
    await first.getByTestId('message').getByText('what is my name?').waitFor()
    expect(await conversationId(first)).toBe(id)
  })

  it('names each conversation, and Back and Forward lead from one to the other, and never out of the app', async () => {
    const page = await demo.visit()
    await say(page, 'my name is Ada')
    const first = await conversationId(page)
    await page.waitForURL(`**/chat/${first}`)
    await newChat(page)
    await page.waitForURL((url) => url.pathname !== `/chat/${first}`)
    await say(page, 'another one')
    const second = await conversationId(page)
    expect(new URL(page.url()).pathname).toBe(`/chat/${second}`)

    await page.goBack()
    await page.getByTestId('message').getByText('my name is Ada').waitFor()
    expect(await conversationId(page)).toBe(first)
    await page.goForward()
    await page.getByTestId('message').getByText('another one').first().waitFor()
    expect(await conversationId(page)).toBe(second)

    // A visit by the address alone.
    await page.goto(`/chat/${first}`)
    await page.getByTestId('message').getByText('my name is Ada').waitFor()
    expect(await conversationId(page)).toBe(first)
  })

  it('that does not exist gives a new one and says so', async () => {
    const page = await demo.guest()
    await page.goto('/chat/unknown')
    await page.locator('[data-topic=session]', { hasText: 'does not exist' }).waitFor()
    const id = await conversationId(page)
    expect(id).not.toBe('unknown')
    await page.waitForURL(`**/chat/${id}`)
    expect(await say(page, 'my name is Ada')).toMatch(/Ada/)
  })
})

describe('two tabs', () => {
  it('chat at the same time, and the history of each shows what the other does', async () => {
    const a = await demo.visit()
    const b = await a.context().newPage()
    await b.goto('/chat')
    const ids = [await conversationId(a), await conversationId(b)]
    expect(new Set(ids).size).toBe(2)

    for (const turn of ['one', 'two']) await Promise.all([say(a, `${turn} in A`), say(b, `${turn} in B`)])

    for (const [tab, own, other] of [
      [a, 'A', 'B'],
      [b, 'B', 'A'],
    ] as const) {
      const said = await messages(tab)
      expect(said).toHaveLength(4)
      expect(said.join()).toContain(`two in ${own}`)
      expect(said.join()).not.toContain(`in ${other}`)
      expect(await tab.locator('[data-topic=busy]').count()).toBe(0)
      for (const id of ids) {
        const item = tab.locator(`.leftoff-history [data-conversation-id="${id}"]`)
        await expect.poll(() => item.textContent()).toContain('4 messages')
      }
    }
  })
})

describe('the tab', () => {
  it('is titled as its conversation, and plainly while that is new', async () => {
    const page = await demo.visit()
    await expect.poll(() => page.title()).toBe('leftoff chat')
    await say(page, 'a trip to Rome')
    await expect.poll(() => page.title()).toBe('a trip to Rome – leftoff chat')
    await historyItems(page).getByRole('button', { name: 'Rename' }).click()
    await page.keyboard.type('Rome')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.title()).toBe('Rome – leftoff chat')
    await page.reload()
    await expect.poll(() => page.title()).toBe('Rome – leftoff chat')
    await newChat(page)
    await expect.poll(() => page.title()).toBe('leftoff chat')
    await page.goBack()
    await expect.poll(() => page.title()).toBe('Rome – leftoff chat')
  })
})

describe('the history', () => {
  it('is titled by the first message, until the person names the conversation', async () => {
    const page = await demo.visit()
    await say(page, 'my name is Ada')
    await say(page, 'what is my name?')
    const title = historyItems(page).locator('.leftoff-history-title')
    await expect.poll(() => title.textContent()).toBe('my name is Ada')
    await historyItems(page).getByRole('button', { name: 'Rename' }).click()
    await page.keyboard.type('Names')
    await page.keyboard.press('Enter')
    await say(page, 'hello')
    await page.reload()
    await page.locator('[data-topic=resumed]').waitFor()
    await expect.poll(() => title.textContent()).toBe('Names')
    await expect.poll(() => historyItems(page).textContent()).toMatch(/6 messages.*tokens/)
  })

  it('is filtered by title, and a removed conversation can be brought back', async () => {
    const page = await demo.visit()
    await say(page, 'my name is Ada')
    await newChat(page)
    await say(page, 'remember the milk')
    await page.keyboard.press('Control+K')
    await page.keyboard.type('ADA')
    await page.getByText('1 found').waitFor()
    await historyItems(page).getByRole('button', { name: 'my name is Ada' }).click()
    await page.getByTestId('message').getByText('Nice to meet you, Ada').waitFor()
    await expect.poll(() => page.getByRole('searchbox').inputValue()).toBe('')

    // Where the chats are a drawer, it opens for the shortcut, and takes the next key.
    await page.setViewportSize({ width: 390, height: 800 })
    await page.keyboard.press('Control+K')
    await page.keyboard.type('milk')
    expect(await page.getByRole('searchbox').inputValue()).toBe('milk')
    await page.keyboard.press('Escape') // empties the field
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 1280, height: 800 })

    await historyItems(page).first().getByRole('button', { name: 'Remove' }).click()
    await expect.poll(() => historyItems(page).count()).toBe(1)
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => historyItems(page).count()).toBe(2)
  })

  it('is forgotten by a sign-out, in all tabs; the next visit is another guest’s', async () => {
    const page = await demo.visit()
    await say(page, 'my name is Ada')
    const other = await page.context().newPage()
    await other.goto('/chat')
    await say(other, 'hello')
    const userId = () => page.locator('#root').getAttribute('data-user-id')
    const before = await userId()
    await page.getByRole('button', { name: 'Guest' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    const dialog = page.getByRole('dialog', { name: 'Sign out?' })
    await Promise.all([page.waitForEvent('load'), dialog.getByRole('button', { name: 'Sign out' }).click()])
    await page.locator('.welcome').waitFor()
    expect(await userId()).not.toBe(before)
    expect(await historyItems(page).count()).toBe(0)
    await other.locator('[data-status=signed-out] > .leftoff-notice-text').waitFor()
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain('Ada')
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

  it('with the connection is shown in place of “Saved”, on a narrow screen too, until it is back', async () => {
    const page = await demo.visit({ viewport: { width: 390, height: 780 } })
    await say(page, 'my name is Ada')
    await page.getByRole('status').getByText('Saved', { exact: true }).waitFor()
    await page.context().setOffline(true)
    await page.getByRole('status').getByText('Offline', { exact: true }).waitFor()
    await page.locator('[data-topic=offline]').waitFor()
    await page.context().setOffline(false)
    await page.getByRole('status').getByText('Saved', { exact: true }).waitFor()
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
    await page.getByRole('status').getByText('storage is full').waitFor()
    // At once, before leftoff tries again by itself.
    await page.getByRole('button', { name: 'Try now' }).evaluate((button: HTMLElement) => {
      dispatchEvent(new Event('room'))
      button.click()
    })
    await page.getByRole('status').getByText('Saved', { exact: true }).waitFor()
  })

  it('with the agent’s memory leaves no notice behind once it has recovered', async () => {
    const page = await demo.visit()
    await say(page, 'my name is Ada')
    expect(await page.getByTestId('stored').count()).toBe(0)
    await openStored(page)
    await page.getByTestId('forget').click()
    await page.locator('[data-topic=forgotten]').waitFor()
    await say(page, 'what is my name?')
    await page.locator('[data-topic=context-lost]').waitFor()
    await page.locator('[data-topic=forgotten]').waitFor({ state: 'detached' })
  })
})
