import { tabKey } from 'leftoff/server'
import { describe, expect, it, vi } from 'vitest'
import { putMessage, sessions } from '../ai-sdk/your-app.js'
import { answerTo, ask, idOf, serveAiSdk, shown, storedOf } from './ai-sdk-site.js'

vi.mock('../turns/model.js', () => import('./scripted-model.js'))
vi.hoisted(() => vi.spyOn(console, 'error').mockImplementation(() => {})) // the route's `onError`

const { open, watch } = serveAiSdk()

describe('an answer of useChat that broke off', { timeout: 60_000 }, () => {
  it('is not sent to the model when it is tried again', async () => {
    const page = await open()
    const whole = await ask(page, 'hello')
    whole.say('one')
    whole.end()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    const broken = await ask(page, 'and then')
    broken.say('tw')
    broken.fail()
    const again = await answerTo(page, 'Try again')
    expect(again.prompt).toEqual(broken.prompt)
    expect(again.prompt).toHaveLength(3)
    again.say('two')
    again.end()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one', 'and then', 'two'])
  })

  it('is marked, and can be tried again, before and after a reload', async () => {
    const page = await open()
    const broken = await ask(page, 'hello')
    broken.say('on')
    broken.fail()
    await expect.poll(() => shown(page)).toEqual(['hello', 'on (failed)'])
    await page.getByRole('alert').getByText('The answer could not be completed.').waitFor()
    await page.reload()
    await page.getByRole('alert').getByText('The last question has no complete answer.').waitFor()
    expect(await shown(page)).toEqual(['hello', 'on (failed)'])
    const again = await answerTo(page, 'Try again')
    await expect.poll(() => page.getByRole('alert').count()).toBe(0)
    again.say('one')
    again.end()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one'])
    await page.reload()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one'])
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  it('can be tried again if the server was killed before it stored any of it', async () => {
    const page = await open()
    const conversation = { userId: 'guest', workspace: 'ai-sdk', conversationId: await idOf(page) }
    const first = await ask(page, 'hello')
    first.say('one')
    first.end()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    // As a killed process leaves it: a question, and a turn of which nothing more is heard.
    const parts = [{ type: 'text' as const, text: 'and then' }]
    await putMessage(conversation, { id: 'q', role: 'user', parts, metadata: { at: Date.now() } })
    const key = tabKey({ ...conversation, tabId: conversation.conversationId })
    await sessions.beginTurn(key, { leaseId: 'of the process', leaseMs: 2_000, turnId: 't', messageHash: 'h' })
    await page.reload()
    await page.getByRole('alert').waitFor()
    expect(await shown(page)).toEqual(['hello', 'one', 'and then'])
    const again = await answerTo(page, 'Try again')
    again.say('two')
    again.end()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one', 'and then', 'two'])
    expect((await storedOf(page)).map(({ id }) => id).slice(2)).toEqual(['q', 'q.answer'])
  })

  it('cannot be tried again in a tab that watches, which shows what became of a retry', async () => {
    const page = await open()
    const broken = await ask(page, 'hello')
    broken.say('on')
    await expect.poll(() => shown(page)).toEqual(['hello', 'on'])
    const other = await watch(page, /^hello/)
    await expect.poll(() => shown(other)).toEqual(['hello', 'on'])
    broken.fail()
    await expect.poll(() => shown(other)).toEqual(['hello', 'on (failed)'])
    const again = await answerTo(page, 'Try again')
    expect(await other.getByRole('alert').count()).toBe(0)
    again.say('one')
    again.end()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one'])
    await expect.poll(() => shown(other)).toEqual(['hello', 'one'])
    await other.getByRole('button', { name: 'Use here' }).click()
    await other.getByRole('button', { name: 'Send', disabled: false }).waitFor()
    expect(await other.getByRole('alert').count()).toBe(0)
  })

  it('is marked the same after a reload if it was stopped, and cannot be tried again', async () => {
    const page = await open()
    const answer = await ask(page, 'hello')
    answer.say('one')
    await expect.poll(() => shown(page)).toEqual(['hello', 'one'])
    await page.getByRole('button', { name: 'Stop' }).click()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one (stopped)'])
    await page.reload()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one (stopped)'])
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  it('keeps a question on screen that a proxy without its server refused, and says so in a sentence', async () => {
    const page = await open()
    await page.route('**/api/**', (route) => route.fulfill({ status: 500, contentType: 'text/plain', body: '' }))
    await page.getByLabel('Message').fill('hello')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('alert').getByText('The answer could not be completed.').waitFor()
    await page.unroute('**/api/**')
    const answer = await answerTo(page, 'Try again')
    answer.say('one')
    answer.end()
    await expect.poll(() => shown(page)).toEqual(['hello', 'one'])
  })
})
