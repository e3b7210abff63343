import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { type GuideApp, setUpGuideApp } from '../e2e/guides/guide-app.js'
import { writeFiles } from '../support/guide-files.js'

// Guides that `npm test` has no time for, each as it stands, with the packed package.

let app: GuideApp
let browser: Browser

beforeEach(async () => {
  browser = await chromium.launch(chromiumLaunchOptions())
})
afterEach(async () => {
  await browser?.close()
  await app?.end()
})

describe('docs/start-vite.md', () => {
  it('has its server checked by TypeScript, by the file that it gives for that', async () => {
    app = await setUpGuideApp('docs/start-vite.md')
    const check = () => promisify(execFile)('npx', ['tsc', '-p', 'server'], { cwd: app.folder })
    await check()
    await writeFiles(app.folder, [['server/wrong.ts', `export const wrong: number = 'a text'`]])
    await expect(check()).rejects.toThrow('tsc -p server')
  })
})

describe('docs/server.md', () => {
  it('remembers agent sessions over a restart, in one process with PGlite', async () => {
    app = await setUpGuideApp('docs/server.md')
    await writeFiles(app.folder, [
      [
        'server/main.ts',
        `import { createServer } from 'node:http'
        import { tabKey } from 'leftoff/server'
        import { sessions } from '../one-process'
        const key = tabKey({ userId: 'ada', workspace: 'demo', tabId: 'c' })
        const before = await sessions.get(key)
        await sessions.set(key, 'of the agent')
        const server = createServer((_, response) => response.end(JSON.stringify({ before })))
        server.listen(0, () => console.log('http://localhost:' + server.address().port))`,
      ],
    ])
    const ask = async () => (await fetch(await app.run('server/main.ts'))).json()
    expect(await ask()).toEqual({})
    await app.stop()
    expect(await ask()).toEqual({ before: 'of the agent' })
  })
})

describe('docs/no-sessions.md', () => {
  it('sends the model the conversation, and never says that context was lost', async () => {
    app = await setUpGuideApp('docs/start-vite.md', 'docs/no-sessions.md')
    await app.replace('port: 3000', 'port: 0')
    const api = await app.run('server/main.ts')
    await app.replace('http://localhost:3000', api)
    const page = await browser.newPage()
    await page.goto(await app.vite('--port', '0'))
    await say(page, 'one', 'You said: one.')
    await say(page, 'two', 'You said: one, two.')
    await page.getByLabel('Message').fill('three')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByText('(answering)').waitFor()
    await page.reload()
    await page.getByText('assistant: You said: one, two, three.').waitFor()
    await say(page, 'four', 'You said: one, two, three, four.')
    expect(await page.getByText('lost').count()).toBe(0)
  })

  it('sends the model the same once more when a question is tried again', async () => {
    app = await setUpGuideApp('docs/start-vite.md', 'docs/no-sessions.md')
    await app.replace('port: 3000', 'port: 0')
    await app.replace("questions.join(', ')", 'messages.map(({ role }) => role)')
    const api = await app.run('server/main.ts')
    const conversation = { workspace: 'demo', conversationId: 'c' }
    for (const [messageId, turnId] of Object.entries({ one: '1', two: '2' })) await ask({ messageId, turnId })
    await ask({ messageId: 'two', turnId: '3' })
    const stored: { text: string }[] = await (await fetch(`${api}/api/messages/c`)).json()
    const last = 'You said: user,assistant,user. '
    expect(stored.map(({ text }) => text)).toEqual(['hi', 'You said: user. ', 'hi', last])

    async function ask(ids: object): Promise<void> {
      const response = await fetch(`${api}/api/turn`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...conversation, ...ids, message: 'hi' }),
      })
      await response.text()
    }
  })
})

describe('docs/from-zustand-persist.md', () => {
  it('takes the conversations along, and counts on', async () => {
    app = await setUpGuideApp('docs/from-zustand-persist.md')
    await writeFiles(app.folder, [
      ['before.html', '<script type="module" src="/src/start-before.ts"></script>'],
      ['after.html', '<script type="module" src="/src/start-after.ts"></script>'],
      [
        'src/start-before.ts',
        `import { before } from './before'
        const sessions = ['Ada', 'Bob'].map((title, index) =>
          ({ conversationId: title, workspace: 'demo', title, messageCount: index + 2, lastActivity: Date.now() - index }))
        before.setState({ sessions, currentConversationId: 'Ada', currentWorkspace: 'demo' })
        document.title = 'done'`,
      ],
      [
        'src/start-after.ts',
        `import { open, say } from './after'
        const before = await open('demo')
        await say('Hello')
        document.title = JSON.stringify([before, await open('demo')])`,
      ],
    ])
    const address = await app.vite('--port', '0')
    const page = await browser.newPage()
    await page.goto(`${address}/before.html`)
    await expect.poll(() => page.title()).toBe('done')
    await page.goto(`${address}/after.html`)
    await expect
      .poll(async () => JSON.parse((await page.title()) || '[]'))
      .toEqual([
        ['Ada (2)', 'Bob (3)'],
        ['Ada (3)', 'Bob (3)'],
      ])
  })
})

/** Sends a message and waits for its whole answer. */
async function say(page: Page, text: string, answer: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText(`assistant: ${answer}`, { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
}
