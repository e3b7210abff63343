import { createHash } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { conversationId, type Demo, forget, messages, openStored, say, setUpDemo } from './demo.js'
import { recordTraffic } from './traffic.js'

let demo: Demo

beforeAll(async () => {
  demo = await setUpDemo()
  await demo.start()
  return () => demo.end()
})
afterEach(() => demo.forgetBrowser())

describe('an agent that lost its transcript', () => {
  it('answers once, the page says that the earlier context is lost, and the stored id is replaced', async () => {
    const page = await demo.open('/chat')
    await say(page, 'my name is Ada')
    const id = await conversationId(page)
    const before = await demo.agentSession(page)

    await forget(page)
    const answer = await say(page, 'what is my name?')

    expect(answer).not.toMatch(/Ada/)
    await page.locator('[data-testid=notice][data-topic=context-lost]').waitFor()
    expect(await page.locator('[data-topic=context-lost]').count()).toBe(1)
    await expect.poll(() => messages(page)).toHaveLength(4)
    expect(await conversationId(page)).toBe(id)
    const after = await demo.agentSession(page)
    expect(after).toBeDefined()
    expect(after).not.toBe(before)

    await page.reload()
    await page.getByTestId('message').getByText('my name is Ada').first().waitFor()
    await expect.poll(() => messages(page)).toHaveLength(4)
    // Still told after a reload, where it happened.
    expect(await page.locator('[data-topic=context-lost] + [data-role=assistant]').count()).toBe(1)
    // The fresh session goes on from here.
    await say(page, 'my name is Grace')
    expect(await say(page, 'what is my name?')).toMatch(/Grace/)
    expect(await demo.agentSession(page)).toBe(after)
  })
})

describe('what reaches the browser', () => {
  it('never holds an agent session id: no response, no header, no storage', async () => {
    const page = await demo.open('/chat')
    const traffic = recordTraffic(page)
    await say(page, 'my name is Ada')
    const ids = [(await demo.agentSession(page)) ?? '']
    await forget(page)
    await say(page, 'what is my name?')
    await page.reload()
    await say(page, 'and now?')
    ids.push((await demo.agentSession(page)) ?? '')
    await openStored(page)
    await page.getByTestId('agent-session').waitFor()
    expect(ids).not.toContain('')
    expect(new Set(ids).size).toBe(2)

    const stored = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
    )
    const bytes = (await traffic.stop()) + stored + (await page.content())
    for (const id of ids) expect(bytes).not.toContain(id)
    // The page tells sessions apart by a fingerprint, so the bytes that were searched are the right ones.
    const fingerprint = createHash('sha256')
      .update(ids.at(-1) ?? '')
      .digest('hex')
      .slice(0, 12)
    expect(bytes).toContain(fingerprint)
  })

  it('takes the user from the signed cookie only', async () => {
    const page = await demo.open('/chat')
    await say(page, 'my name is Ada')
    const id = await conversationId(page)
    const cookies = await page.context().cookies()
    expect(cookies).toHaveLength(1)
    expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: 'Lax' })

    const ask = (cookie: string) =>
      fetch(new URL(`/api/conversations/${id}/messages`, page.url()), { headers: { cookie } }).then(
        async (response) => [response.status, await response.text()],
      )
    const [name, value = ''] = [cookies[0]?.name, cookies[0]?.value]
    expect((await ask(`${name}=${value}`)).join()).toContain('my name is Ada')
    expect((await ask(`${name}=${value.replace(/^./, (first) => (first === 'a' ? 'b' : 'a'))}`)).join()).not.toContain(
      'Ada',
    )
    expect((await ask('')).join()).not.toContain('Ada')
  })
})
