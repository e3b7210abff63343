import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { conversationId, type Demo, say, setUpDemo } from './demo.js'

const name = 'claude-session-storage'
let demo: Demo

beforeAll(async () => {
  demo = await setUpDemo()
  await demo.start()
  return () => demo.end()
})
afterEach(() => demo.forgetBrowser())

const hour = 60 * 60 * 1000
const older = {
  sessions: [
    {
      conversationId: '0b5f5c1e-7d3a-4a52-9d0c-3f6f0a1b2c3d',
      workspace: 'demo.alive.best',
      lastActivity: Date.now() - 2 * hour,
    },
    {
      conversationId: '1c6f6d2f-8e4b-4b63-8e1d-4a7a1b2c3d4e',
      workspace: 'docs.alive.best',
      lastActivity: Date.now() - hour,
    },
  ],
  currentConversationId: '0b5f5c1e-7d3a-4a52-9d0c-3f6f0a1b2c3d',
  currentWorkspace: 'demo.alive.best',
}

describe('claude-session-storage', () => {
  it('shows the current ids in the documented shape from the first save on', async () => {
    const page = await demo.open('/chat')
    const id = await conversationId(page)
    const snapshot = () => page.evaluate((key) => JSON.parse(localStorage.getItem(key) ?? 'null'), name)
    expect(await snapshot()).toBeNull()
    await say(page, 'hello')
    await page.locator('[data-testid=save-status]', { hasText: 'Saved' }).waitFor()
    const shape = {
      sessions: [{ conversationId: id, workspace: 'demo.alive.best', lastActivity: expect.any(Number) }],
      currentConversationId: id,
      currentWorkspace: 'demo.alive.best',
    }
    expect(await snapshot()).toEqual({ ...shape, state: shape, version: 0, writtenBy: 'leftoff' })
  })

  it.each([
    ['plain', older],
    ['in the envelope of zustand’s persist', { state: older, version: 0 }],
  ])('resumes what an older app left there, %s', async (_how, blob) => {
    const page = await demo.open('/api/anything') // the app’s origin, without its page
    await page.evaluate(([key, text]) => localStorage.setItem(key ?? '', text ?? ''), [name, JSON.stringify(blob)])
    await page.goto(new URL('/chat', page.url()).href)
    expect(await conversationId(page)).toBe(older.currentConversationId)
    // Opening imports it and leaves it alone; the next save replaces it.
    expect(await page.evaluate((key) => localStorage.getItem(key), name)).toBe(JSON.stringify(blob))
    await page.getByTestId('workspace-link').nth(1).click()
    await page.locator(`main[data-conversation-id="${older.sessions[1]?.conversationId}"]`).waitFor()
  })
})
