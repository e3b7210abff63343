import { type Browser, type BrowserContext, chromium, type Page, type Route } from 'playwright'
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import { conversationId as conversationIdOf } from '../demo.js'
import { breakableLine } from './breakable-line.js'
import { send, serveTurnDemo, shown } from './turn-demo.js'

let demo: Awaited<ReturnType<typeof serveTurnDemo>>
let line: Awaited<ReturnType<typeof breakableLine>>
let browser: Browser

beforeAll(async () => {
  demo = await serveTurnDemo()
  line = await breakableLine(demo.port)
  browser = await chromium.launch(chromiumLaunchOptions())
  return async () => {
    await browser.close()
    await line.close()
    await demo.close()
  }
})
beforeEach(() => line.mend())

async function guest(): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const context = await browser.newContext({ reducedMotion: 'reduce' })
  onTestFinished(() => context.close())
  return { context, page: await visit(context) }
}

async function visit(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${line.address}/chat`)
  await page.locator('.welcome').waitFor()
  return page
}

/** No network for the request. Playwright refuses it once the route is taken back, or the page is gone. */
const giveUp = (route: Route) => route.abort('internetdisconnected').catch(() => {})

/** Playwright shows all of its pages at once; this is what a page is told when another tab is shown. */
const setVisible = (page: Page, isVisible: boolean) =>
  page.evaluate(
    (state) => {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    },
    isVisible ? 'visible' : 'hidden',
  )

describe('a message that is sent while the server is away', () => {
  it.each([
    {
      // Of Playwright's own `setOffline` the browser's error page knows: it loads the chat again at a moment of its own.
      why: 'no request finds the network',
      lose: async (page: Page) => page.route('**/api/turn*', giveUp),
      leave: async (page: Page) => page.reload(),
      find: async (page: Page) => page.unroute('**/api/turn*'),
    },
    {
      why: 'the server is dead',
      lose: async () => line.cut(),
      // To the browser's own page about the error.
      leave: async (page: Page) => {
        await expect(page.reload()).rejects.toThrow(/net::ERR/)
        await page.waitForURL(/^chrome-error:/)
      },
      find: async () => line.mend(),
    },
  ])(
    '$why: it is there after a reload and is sent once, automatically, within a minute',
    async ({ why, lose, leave, find }) => {
      const { page } = await guest()
      await lose(page)
      await send(page, why)
      await expect.poll(() => shown(page)).toContain(why)
      await leave(page)
      const begun = demo.answers.length
      const next = demo.answerTo(why)
      await find(page)
      await page.goto(`${line.address}/chat`)
      await expect.poll(() => shown(page)).toContain(why)
      const answer = await next
      answer.say('here')
      answer.end()
      await expect.poll(() => shown(page)).toEqual([why, 'here'])
      expect(demo.answers).toHaveLength(begun + 1)
      expect(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.includes('/unsent/')))).toEqual(
        [],
      )
    },
  )

  it('runs once when the server has it and only its answer was lost', async () => {
    const { context, page } = await guest()
    const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join()
    const begun = demo.answers.length
    const next = demo.answerTo('hello once')
    await page.route('**/api/turn*', async (route) => {
      const body = route.request().postData()
      if (body !== null) {
        const headers = { cookie, 'Content-Type': 'application/json' }
        const response = await fetch(`${demo.address}/api/turn`, { method: 'POST', headers, body })
        await response.body?.cancel()
      }
      await giveUp(route)
    })
    await send(page, 'hello once')
    const answer = await next
    answer.say('here ')
    await page.reload()
    await expect.poll(() => shown(page)).toContain('hello once')
    await page.unroute('**/api/turn*')
    await expect.poll(() => shown(page)).toEqual(['hello once', 'here'])
    answer.end()
    await expect.poll(() => page.getByTestId('answer').count()).toBe(0)
    expect(demo.answers).toHaveLength(begun + 1)
  })

  it('asks first when more than a minute has passed', async () => {
    const { page } = await guest()
    await page.route('**/api/turn*', giveUp)
    await send(page, 'hello later')
    await expect.poll(() => shown(page)).toContain('hello later')
    await page.evaluate(() => {
      const [key = ''] = Object.keys(sessionStorage).filter((one) => one.includes('/unsent/'))
      const stored = JSON.parse(sessionStorage.getItem(key) ?? '')
      for (const turn of stored.turns) turn.at -= 61_000
      sessionStorage.setItem(key, JSON.stringify(stored))
    })
    await page.reload()
    await page.unroute('**/api/turn*')
    await page.locator('[data-state=not-sent]').getByText('hello later').waitFor()
    const begun = demo.answers.length
    expect(demo.answers).toHaveLength(begun)
    const next = demo.answerTo('hello later')
    await page.getByTestId('retry').click()
    const answer = await next
    answer.say('here')
    answer.end()
    await expect.poll(() => shown(page)).toEqual(['hello later', 'here'])
  })
})

describe('eight tabs of one origin, all in mid-answer', () => {
  it('send and receive: hidden ones leave their connection, and catch up when they are shown', {
    timeout: 90_000,
  }, async () => {
    const { context, page: first } = await guest()
    const tabs = [first]
    const answers = []
    for (let index = 0; index < 8; index++) {
      const tab = tabs[index] ?? (await visit(context))
      tabs[index] = tab
      const next = demo.answerTo(`question ${index}`)
      await send(tab, `question ${index}`)
      const answer = await next
      answers.push(answer)
      answer.say('one ')
      await expect.poll(() => shown(tab)).toEqual([`question ${index}`, 'one'])
      await setVisible(tab, false)
    }
    for (const answer of answers) {
      answer.say('two')
      answer.end()
    }
    for (const [index, tab] of tabs.entries()) {
      expect(await shown(tab)).toEqual([`question ${index}`, 'one'])
      await setVisible(tab, true)
      await expect.poll(() => shown(tab)).toEqual([`question ${index}`, 'one two'])
    }
  })
})

describe('two tabs with one conversation', () => {
  it('send at once: one runs, the other says that the agent is answering', { timeout: 60_000 }, async () => {
    const { page } = await guest()
    const next = demo.answerTo('from here')
    await send(page, 'from here')
    const answer = await next
    const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join()
    const conversationId = await conversationIdOf(page)
    const turn = { workspace: 'demo.alive.best', conversationId, turnId: crypto.randomUUID(), message: 'from there' }
    const other = await fetch(`${demo.address}/api/turn`, {
      method: 'POST',
      headers: { cookie, 'Content-Type': 'application/json' },
      body: JSON.stringify(turn),
    })
    expect(other.status).toBe(409)
    expect(await other.json()).toMatchObject({ code: 'turn-busy' })
    answer.say('done')
    answer.end()
    await expect.poll(() => shown(page)).toEqual(['from here', 'done'])
  })

  it('a stop and a message right after it: no refusal reaches the person', async () => {
    const { page } = await guest()
    const first = demo.answerTo('one')
    await send(page, 'one')
    const stopped = await first
    stopped.say('as I was ')
    await expect.poll(() => shown(page)).toEqual(['one', 'as I was'])
    await page.getByTestId('stop').click()
    await expect.poll(() => stopped.isOver).toBe(true)
    const second = demo.answerTo('two')
    await page.getByTestId('send').waitFor()
    await send(page, 'two')
    const answer = await second
    answer.say('here')
    answer.end()
    await expect.poll(() => shown(page)).toEqual(['one', 'as I was', 'two', 'here'])
    expect(await page.getByTestId('notice').allTextContents()).toEqual([])
  })
})
