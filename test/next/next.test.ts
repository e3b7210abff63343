import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { type NextServer, startNext } from './next-server.js'

let browser: Browser

beforeAll(async () => {
  browser = await chromium.launch(chromiumLaunchOptions())
  return () => browser.close()
})

describe.each(['development', 'production'] as const)('a Next.js app in %s', (mode) => {
  let server: NextServer
  let contexts: BrowserContext[]
  let complaints: string[]
  let users = 0

  beforeAll(async () => {
    server = await startNext(mode)
  })
  afterAll(() => server?.stop())
  beforeEach(() => {
    contexts = []
    complaints = []
  })
  afterEach(async () => {
    for (const context of contexts) await context.close()
    expect(complaints).toEqual([])
  })

  /** A browser of its own in which `user` is signed in. */
  async function signIn(user = `user-${++users}`): Promise<BrowserContext> {
    const context = await browser.newContext({ baseURL: server.address })
    contexts.push(context)
    await context.addCookies([{ name: 'user', value: user, url: server.address }])
    return context
  }

  /** A new tab at `path`, with its conversation open. Whatever the browser warns of fails the test. */
  async function openTab(context: BrowserContext, path: string): Promise<Page> {
    const page = await context.newPage()
    page.on('console', (message) => {
      const { url } = message.location()
      // The browser asks for an icon by itself.
      if (url.endsWith('/favicon.ico')) return
      if (['error', 'warning'].includes(message.type())) complaints.push(`${message.text()} ${url}`)
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(path)
    await opened(page)
    return page
  }

  it('hydrates without a warning and makes one conversation, also under Strict Mode', async () => {
    const page = await openTab(await signIn(), '/chat')
    const id = await conversationOf(page)
    expect(new URL(page.url()).pathname).toBe(`/chat/${id}`)
    await say(page, 'ahoy')
    expect(await conversationOf(page)).toBe(id)
    expect(await storedConversations(page)).toEqual([id])
  })

  it('streams the answer of the route handler into the page', async () => {
    const page = await openTab(await signIn(), '/chat')
    await page.evaluate(() => {
      const seen = new Set<string>()
      new MutationObserver(() => {
        seen.add(document.querySelector('output')?.textContent ?? '')
        document.body.dataset.seen = [...seen].join('|')
      }).observe(document.body, { subtree: true, childList: true, characterData: true })
    })
    expect(await say(page, 'ahoy')).toBe('1: you said ahoy')
    expect(await page.locator('body').getAttribute('data-seen')).toContain('1: |1: you |1: you said |1: you said ahoy')
  })

  it('continues after a reload, the agent’s session too', async () => {
    const page = await openTab(await signIn(), '/chat')
    const id = await conversationOf(page)
    await say(page, 'ahoy')
    await page.reload()
    await opened(page)
    expect(await conversationOf(page)).toBe(id)
    expect(await page.locator('main').getAttribute('data-resumed')).toBe('true')
    expect(await say(page, 'once more')).toBe('2: you said once more')
    await page.goto('/chat')
    await opened(page)
    expect(await conversationOf(page)).toBe(id)
    expect(await noticeOf(page)).toBe('')
  })

  it('begins anew with New chat, and an answer that is under way stays with its conversation', async () => {
    const page = await openTab(await signIn(), '/chat')
    const first = await conversationOf(page)
    await page.getByLabel('Message').fill('ahoy')
    await page.getByText('Send').click()
    await page.locator('output').waitFor()
    await page.getByText('New chat', { exact: true }).first().click()
    await page.waitForFunction((id) => document.querySelector('code')?.textContent !== id, first)
    expect(await page.locator('output').count()).toBe(0)
    await page.waitForURL(`/chat/${await conversationOf(page)}`)
    const open = page.locator(`[data-conversation-id="${first}"] .leftoff-history-open`)
    await open.getByText('2 messages').waitFor()
    await open.click()
    await page.waitForURL(`/chat/${first}`)
    expect(await page.locator('output').textContent()).toBe('1: you said ahoy')
  })

  it('keeps the conversation while another page is shown', async () => {
    const page = await openTab(await signIn(), '/chat')
    const id = await conversationOf(page)
    await say(page, 'ahoy')
    await page.getByText('About').click()
    await page.getByText('Back').click()
    await opened(page)
    expect(await conversationOf(page)).toBe(id)
    expect(await say(page, 'once more')).toBe('2: you said once more')
  })

  it('has the user’s history in the HTML, which the browser takes over as it is', async () => {
    const context = await signIn()
    const page = await openTab(context, '/chat')
    await say(page, 'something of mine')
    expect(await (await context.request.get('/chat')).text()).toContain('leftoff-history-title">something of mine<')
    await page.reload()
    await opened(page)
    // What this browser has stored says more by now.
    expect(await page.locator('.leftoff-history-title').allTextContents()).toEqual(['something of mine'])
    expect(await page.locator('.leftoff-history-preview').allTextContents()).toEqual(['1: you said something of mine '])
  })

  it('never shows the one what the other has, when it renders for both at once', async () => {
    const names = ['ada', 'bob'] as const
    const both = await Promise.all(names.map((name) => signIn(`${name}-${mode}`)))
    for (const [index, context] of both.entries()) await say(await openTab(context, '/chat'), `only ${names[index]}`)
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(both.map(async (context) => (await context.request.get('/chat')).text()))
      // In the HTML, and in the data beside it.
      expect(answers.map((html) => [...html.matchAll(/history-title">([^<]*)/g)].map(([, title]) => title))).toEqual([
        ['only ada'],
        ['only bob'],
      ])
      expect(answers.map((html) => names.filter((name) => html.includes(`only ${name}`)))).toEqual([['ada'], ['bob']])
    }
  })

  describe('a link to a conversation', () => {
    it('opens it, again in a second tab once the first was closed', async () => {
      const context = await signIn()
      const first = await openTab(context, '/chat')
      const id = await conversationOf(first)
      await say(first, 'ahoy')
      await first.close()
      const second = await openTab(context, `/chat/${id}`)
      expect(await conversationOf(second)).toBe(id)
      expect(await second.locator('main').getAttribute('data-resumed')).toBe('true')
      expect(await say(second, 'once more')).toBe('2: you said once more')
      expect(await noticeOf(second)).toBe('')
    })

    it('is watched in a second tab while the first has it open, until “Use here” moves it over', async () => {
      const context = await signIn()
      const first = await openTab(context, '/chat')
      const id = await conversationOf(first)
      await say(first, 'ahoy')
      const second = await openTab(context, `/chat/${id}`)
      expect(await conversationOf(second)).toBe(id)
      expect(await second.getByText('Send').isDisabled()).toBe(true)
      expect(await noticeOf(second)).toBe('')
      expect(await say(first, 'once more')).toBe('2: you said once more')

      await second.getByText('Use here').click()
      await second.getByText('Use here').waitFor({ state: 'detached' })
      await first.getByText('Use here').waitFor()
      expect(await say(second, 'hello')).toBe('3: you said hello')
      expect(await conversationOf(first)).toBe(id)
    })

    it('is left and returned to by Back and Forward, without another one', async () => {
      const page = await openTab(await signIn(), '/chat')
      const first = await conversationOf(page)
      await say(page, 'ahoy')
      await page.getByText('New chat').click()
      await expect.poll(() => conversationOf(page)).not.toBe(first)
      const second = await conversationOf(page)
      await page.waitForURL(`/chat/${second}`)
      await say(page, 'hello')
      await page.goBack()
      await expect.poll(() => conversationOf(page)).toBe(first)
      await page.waitForURL(`/chat/${first}`)
      await page.goForward()
      await expect.poll(() => conversationOf(page)).toBe(second)
      await page.locator(`[data-conversation-id="${first}"] .leftoff-history-remove`).click()
      await page.goBack()
      await expect.poll(() => noticeOf(page)).toBe('Redirected: removed')
      expect(await conversationOf(page)).toBe(second)
      await page.waitForURL(`/chat/${second}`)
    })

    it('gives a user who never had it one of their own, says so, and shows nothing of it', async () => {
      const first = await openTab(await signIn(), '/chat')
      const id = await conversationOf(first)
      await say(first, 'a secret')
      const second = await openTab(await signIn(), `/chat/${id}`)
      const own = await conversationOf(second)
      expect(own).not.toBe(id)
      expect(await noticeOf(second)).toBe('Redirected: not-found')
      expect(new URL(second.url()).pathname).toBe(`/chat/${own}`)
      expect(await second.content()).not.toContain('a secret')
      expect(await say(second, 'hello')).toBe('1: you said hello')
      expect(await say(first, 'once more')).toBe('2: you said once more')
    })
  })
})

async function opened(page: Page): Promise<void> {
  await page.locator('main[data-initialized=true]').waitFor()
}

async function conversationOf(page: Page): Promise<string> {
  return (await page.locator('code').textContent()) ?? ''
}

async function noticeOf(page: Page): Promise<string> {
  return (await page.locator('main > [role=status]').textContent()) ?? ''
}

/** Says it as a person would; gives the whole answer once that is saved. */
async function say(page: Page, text: string): Promise<string> {
  await page.getByLabel('Message').fill(text)
  await page.getByText('Send').click()
  const answer = page.locator('output[data-complete=true]', { hasText: text })
  await answer.waitFor()
  return (await answer.textContent()) ?? ''
}

/** The conversations that have a row in localStorage. */
function storedConversations(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    Object.keys(localStorage).flatMap((key) => /\/part\/.*\/([0-9a-f-]{36})\/[^/]+$/.exec(key)?.[1] ?? []),
  )
}
