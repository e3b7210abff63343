import { type Browser, chromium, type Page } from 'playwright'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import { readGuide } from '../../support/guide-files.js'
import { lastingPort } from '../../support/lasting-port.js'
import { type GuideApp, setUpGuideApp } from './guide-app.js'

describe('the five-minute start with Vite', () => {
  let app: GuideApp
  let address: string
  let browser: Browser

  beforeAll(async () => {
    app = await setUpGuideApp('docs/start-vite.md')
    // One port for both servers, as Vite is started once.
    const port = await lastingPort()
    await app.replace('port: 3000', `port: ${port}`)
    await app.replace('http://localhost:3000', `http://localhost:${port}`)
    await app.replace('wait(250', 'wait(200')
    address = await app.vite('--port', '0')
    browser = await chromium.launch(chromiumLaunchOptions())
    return async () => {
      await browser.close()
      await app.end()
    }
  })

  it.each([
    ['Hono', 'server/main.ts'],
    ['Express', 'server/express.ts'],
  ])('streams, stops, retries, resumes after a reload, and gives a second tab its own: %s', async (_, server) => {
    await app.run(server)
    onTestFinished(async () => void (await app.stop()))
    const context = await browser.newContext()
    onTestFinished(() => context.close())
    const page = await context.newPage()
    await page.goto(address)
    await say(page, 'one')
    await say(page, 'two')
    await page.reload()
    await page.getByText('You are back where you left off.').waitFor()
    const messages = page.getByRole('listitem')
    await messages.getByText('assistant: Before this you said: one.').waitFor()

    // In mid-answer: the question is there, and the answer goes on.
    await page.getByLabel('Message').fill('and two and a half')
    await page.getByRole('button', { name: 'Send' }).click()
    await messages.getByText(/assistant: Before.*\(answering\)/).waitFor()
    await page.reload()
    await messages.getByText('assistant: Before this you said: one, two.').waitFor()
    await messages.getByText('user: and two and a half').waitFor()
    await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()

    await page.getByLabel('Message').fill('stop this')
    await page.getByRole('button', { name: 'Send' }).click()
    await messages.getByText('(answering)').waitFor()
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await messages.getByText('(stopped)').waitFor()
    await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()

    // The server's answer is of somebody else, once.
    await page.route('**/api/turn', (route) => route.fulfill({ status: 400, json: {} }), { times: 1 })
    await page.getByLabel('Message').fill('three')
    await page.getByRole('button', { name: 'Send' }).click()
    await messages.getByText('user: three (not-sent)').waitFor()
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
    await page.reload()
    await messages.getByText('user: three', { exact: true }).waitFor() // once: Playwright is strict

    expect(await say(page, 'four')).toBe(
      'assistant: Before this you said: one, two, and two and a half, stop this, three. ',
    )

    const second = await context.newPage()
    const loaded = second.waitForResponse('**/api/messages/*')
    await second.goto(address)
    expect(await say(second, 'hello')).toBe('assistant: This is new to me. ')

    // What is being typed stays, and the next message can be typed during an answer.
    await second.getByLabel('Message').fill('still typing')
    await second.reload()
    await expect.poll(() => second.getByLabel('Message').inputValue()).toBe('still typing')
    await second.getByRole('button', { name: 'Send', disabled: false }).click()
    await second.getByRole('button', { name: 'Stop', exact: true }).waitFor()
    await second.getByLabel('Message').fill('and the next')
    await second.getByLabel('Message').press('Enter')
    await second.getByText('assistant: Before this you said: hello. ', { exact: true }).waitFor()
    expect(await second.getByLabel('Message').inputValue()).toBe('and the next')

    // A removed conversation's messages go once it cannot be undone, here because the page is left.
    const stored = async () => (await second.request.get((await loaded).url())).json()
    expect(await stored()).toHaveLength(4)
    await second.locator('[data-current] .leftoff-history-remove').click()
    await second.reload()
    await expect.poll(stored).toEqual([])
  })
})

it('has a chat with streaming, stop, retry and resume in at most 40 lines of the app’s own', async () => {
  const chat = (await readGuide('docs/start-vite.md')).get('src/Chat.tsx') ?? ''
  const own = chat.split('\n').filter((line) => line.trim() !== '' && !/^(?:import|\/\/) ?/.test(line))
  expect(own.length).toBeGreaterThan(20)
  expect(own.length).toBeLessThanOrEqual(40)
})

/** Sends a message and waits for the whole answer. */
async function say(page: Page, text: string): Promise<string | null> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText(`user: ${text}`, { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
  return page
    .getByRole('listitem')
    .filter({ hasText: /^assistant: / })
    .last()
    .textContent()
}
