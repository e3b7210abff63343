import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { conversationId, type Demo, historyItems, messages, newChat, say, setUpDemo } from './demo.js'

let demo: Demo

beforeAll(async () => {
  demo = await setUpDemo()
  await demo.start()
  return () => demo.end()
})
afterEach(() => demo.forgetBrowser())

describe('coming back', () => {
  it('continues the same conversation after the browser was closed and the server restarted', async () => {
    const first = await demo.open('/chat')
    await say(first, 'my name is Ada')
    const id = await conversationId(first)
    const agentSession = await demo.agentSession(first)
    expect(agentSession).toBeDefined()

    await demo.closeBrowser()
    expect(await demo.stop()).toBe(0)
    await demo.start()

    const again = await demo.open('/chat')
    await again.getByText('my name is Ada').first().waitFor()
    expect(await conversationId(again)).toBe(id)
    expect(await again.getByTestId('notice').textContent()).toMatch(/left off/i)
    expect(await say(again, 'what is my name?')).toMatch(/Ada/)
    await expect.poll(() => messages(again)).toHaveLength(4)
    // Resumed, so the agent has one session and the server still knows it under the same key.
    expect(await demo.agentSession(again)).toBe(agentSession)
  })

  it('keeps each workspace’s conversation its own, and comes back to the first one’s', async () => {
    const page = await demo.open('/chat')
    await say(page, 'my name is Ada')
    const first = await conversationId(page)

    await page.goto(new URL('/chat?workspace=docs.alive.best', page.url()).href)
    const other = await conversationId(page)
    expect(other).not.toBe(first)
    expect(await say(page, 'what is my name?')).not.toMatch(/Ada/)

    await demo.closeBrowser()
    const again = await demo.open('/chat?workspace=docs.alive.best')
    await again.getByText('what is my name?').first().waitFor()
    expect(await conversationId(again)).toBe(other)
    expect((await messages(again)).join()).not.toContain('my name is Ada')
    await again.getByTestId('workspace-link').first().click()
    await again.getByText('my name is Ada').first().waitFor()
    expect(await conversationId(again)).toBe(first)
    expect(await say(again, 'what is my name?')).toMatch(/Ada/)
  })

  it('stays where it is after a reload', async () => {
    const page = await demo.open('/chat')
    const unused = await conversationId(page)
    await page.reload()
    expect(await conversationId(page)).toBe(unused)
    await say(page, 'hello')
    for (let reload = 0; reload < 5; reload++) {
      await page.reload()
      expect(await conversationId(page)).toBe(unused)
    }
    await expect.poll(() => messages(page)).toHaveLength(2)
  })
})

describe('the history', () => {
  it('shows twelve conversations, newest first, and leaves the other workspace its own', async () => {
    const other = await demo.open('/chat?workspace=docs.alive.best')
    await say(other, 'in the other workspace')
    const inOther = await conversationId(other)
    await other.close()

    const page = await demo.open('/chat')
    const ids: string[] = []
    for (let count = 1; count <= 12; count++) {
      if (count > 1) await newChat(page)
      await say(page, `conversation number ${count}`)
      ids.push(await conversationId(page))
    }
    expect(new Set(ids).size).toBe(12)
    const shown = () =>
      historyItems(page).evaluateAll((items) => items.map((item) => item.getAttribute('data-conversation-id')))
    expect(await shown()).toEqual([...ids].reverse())
    await page.reload()
    await conversationId(page)
    expect(await shown()).toEqual([...ids].reverse())

    await historyItems(page).nth(9).getByText('conversation number 3').first().click()
    await page.getByTestId('message').getByText('conversation number 3').first().waitFor()
    expect(await conversationId(page)).toBe(ids[2])

    await page.getByTestId('workspace-link').nth(1).click()
    await page.getByTestId('message').getByText('in the other workspace').first().waitFor()
    expect(await shown()).toEqual([inOther])
  })
})
