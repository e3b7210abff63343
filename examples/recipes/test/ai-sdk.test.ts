import { describe, expect, it, vi } from 'vitest'
import { answerTo, ask, idOf, serveAiSdk, shown, storedOf, textOf } from './ai-sdk-site.js'
import { answers } from './scripted-model.js'

vi.mock('../turns/model.js', () => import('./scripted-model.js'))

const { address, open, watch } = serveAiSdk()

describe('useChat on a chat transport, in Strict Mode', { timeout: 60_000 }, () => {
  it('streams what streamText makes, under the id that the server stores', async () => {
    const page = await open()
    const answer = await ask(page, 'hello')
    answer.say('one ')
    await expect.poll(() => shown(page)).toEqual(['hello', 'one '])
    answer.say('two')
    answer.end()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    expect(await shown(page)).toEqual(['hello', 'one two'])
    const ids = await page
      .getByRole('log')
      .getByRole('listitem')
      .evaluateAll((lines) => lines.map((line) => line.dataset.id))
    expect(ids[1]).toBe(`${ids[0]}.answer`)
    expect((await storedOf(page)).map(({ id }) => id)).toEqual(ids)
  })

  it('continues after a reload in mid-answer, once', async () => {
    const page = await open()
    const answer = await ask(page, 'hello')
    answer.say('one ')
    await expect.poll(() => shown(page)).toEqual(['hello', 'one '])
    const begun = answers.length
    await page.reload()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one '])
    answer.say('two')
    answer.end()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    expect(await shown(page)).toEqual(['hello', 'one two'])
    expect(answers).toHaveLength(begun)
    await page.reload()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one two'])
  })

  it('stops on the server, also after a reload', async () => {
    const page = await open()
    const answer = await ask(page, 'hello')
    answer.say('one ')
    await expect.poll(() => shown(page)).toEqual(['hello', 'one '])
    await page.reload()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one  (stopped)'])
    await expect.poll(async () => (await storedOf(page)).map(textOf)).toEqual(['hello', 'one '])
  })

  it('shows in a tab that watches what the other one is answered, and takes over', async () => {
    const page = await open()
    const first = await ask(page, 'hello')
    first.say('one')
    first.end()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    const other = await watch(page, /^hello/)
    await expect.poll(() => shown(other)).toEqual(['hello', 'one'])
    const second = await ask(page, 'and then')
    second.say('tw')
    await expect.poll(() => shown(other), { timeout: 10_000 }).toEqual(['hello', 'one', 'and then', 'tw'])
    second.say('o')
    second.end()
    await expect.poll(() => shown(other)).toEqual(['hello', 'one', 'and then', 'two'])
    await other.getByRole('button', { name: 'Use here' }).click()
    const third = await ask(other, 'at last')
    third.say('three')
    third.end()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one', 'and then', 'two', 'at last', 'three'])
  })

  it('offers to load again what could not be loaded, and to send again what was refused', async () => {
    const page = await open()
    const answer = await ask(page, 'hello')
    answer.say('one')
    answer.end()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    await page.route('**/api/messages/*', (route) => route.fulfill({ status: 500 }))
    await page.reload()
    await page.getByText('The messages could not be loaded.').waitFor()
    await page.unroute('**/api/messages/*')
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one'])
    await page.route('**/api/turn', (route) => route.fulfill({ status: 401, json: {} }), { times: 1 })
    await page.getByLabel('Message').fill('again')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('alert').getByText('Sign in, then try again.').waitFor()
    const second = await answerTo(page, 'Try again')
    second.say('two')
    second.end()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one', 'again', 'two'])
  })

  it('waits while another tab’s answer is written, and says so after ten seconds', async () => {
    const page = await open()
    const conversationId = await idOf(page)
    const busy = await fetch(`${address()}/api/turn`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ workspace: 'ai-sdk', conversationId, turnId: 'other', message: 'from elsewhere' }),
    })
    expect(busy.status).toBe(200)
    await page.getByLabel('Message').fill('hello')
    await page.getByRole('button', { name: 'Send' }).click()
    await page
      .getByRole('alert')
      .getByText('Another answer of this conversation is being written.')
      .waitFor({ timeout: 20_000 })
    answers.at(-1)?.end()
    await busy.body?.cancel()
  })
})
