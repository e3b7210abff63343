import { afterEach, beforeEach, expect, it } from 'vitest'
import { conversationId, type Demo, messages, say, setUpDemo } from './demo.js'

let demo: Demo

beforeEach(async () => {
  demo = await setUpDemo()
  await demo.start()
})
afterEach(() => demo.end())

it('two tabs chat at the same time, and the history of each shows what the other does', async () => {
  const [a, b] = [await demo.open('/chat'), await demo.open('/chat')]
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
