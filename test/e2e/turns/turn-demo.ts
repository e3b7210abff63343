import { readFile } from 'node:fs/promises'
import { createAdaptorServer } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import type { ClaudeMessage } from 'leftoff/agents/claude'
import { memoryAgentSessions, memoryTurnLog } from 'leftoff/server'
import type { Page } from 'playwright'
import { createApp } from '../../../examples/chat/server/app.js'
import type { Messages } from '../../../examples/chat/server/messages.js'
import { createChatTurns } from '../../../examples/chat/server/turns.js'
import type { ChatMessage } from '../../../examples/chat/shared/chat-api.js'
import { serve } from '../../support/serve.js'

/** An answer that the test writes, word by word. */
export interface Answer {
  readonly message: string
  say(word: string): void
  end(): void
  isOver: boolean
}

const step = (type: string, more: object): ClaudeMessage => ({
  type,
  session_id: 'f1c9a1de-0f4b-4a52-9a6c-4a1c1a7d2f10',
  ...more,
})

/** The demo's app and page in this process, with an agent that says what the test has it say. */
export async function serveTurnDemo() {
  const answers: Answer[] = []
  const waiting: ((answer: Answer) => void)[] = []
  const stored = new Map<string, ChatMessage>()
  const errors: unknown[] = []

  async function* run({ message, signal }: { readonly message: string; readonly signal: AbortSignal }) {
    const said: string[] = []
    let hasEnded = false
    let wake = () => {}
    signal.addEventListener('abort', () => wake())
    const answer: Answer = {
      message,
      isOver: false,
      say(word) {
        said.push(word)
        wake()
      },
      end() {
        hasEnded = true
        wake()
      },
    }
    answers.push(answer)
    waiting.shift()?.(answer)
    yield step('system', { subtype: 'init' })
    try {
      for (let index = 0; ; index++) {
        while (index === said.length && !hasEnded && !signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        if (signal.aborted) throw new Error('Operation aborted')
        if (index === said.length) break
        const delta = { type: 'text_delta', text: said[index] }
        yield step('stream_event', { event: { type: 'content_block_delta', delta } })
      }
      yield step('result', {
        subtype: 'success',
        is_error: false,
        num_turns: 1,
        usage: { input_tokens: 1, output_tokens: 1 },
      })
    } finally {
      answer.isOver = true
    }
  }

  const sessionStore = memoryAgentSessions()
  const messages: Messages = {
    list: async ({ userId, conversationId }) =>
      [...stored].flatMap(([key, message]) => (key.startsWith(`${userId} ${conversationId} `) ? [message] : [])),
    save: async ({ userId, conversationId }, message) =>
      void stored.set(`${userId} ${conversationId} ${message.id}`, message),
  }
  const cookieSecret = 'a secret of this test, long enough to sign with'
  const onError = (error: unknown) => void errors.push(error)
  const log = memoryTurnLog()
  const turns = createChatTurns({ sessionStore, log, messages, agent: { run }, cookieSecret, now: Date.now, onError })
  const app = createApp({
    sessionStore,
    messages,
    turns,
    transcripts: {
      summarize: async () => undefined,
      read: async () => [],
      append: async () => {},
      remove: async () => false,
      workingFolder: () => '',
    },
    html: await readFile('examples/chat/dist/page/index.html', 'utf8'),
    cookieSecret,
    onError,
    createId: () => crypto.randomUUID(),
  })
  app.get('/assets/*', serveStatic({ root: 'examples/chat/dist/page' }))
  const { port, close } = await serve(createAdaptorServer({ fetch: app.fetch }))

  return {
    address: `http://localhost:${port}`,
    port,
    answers,
    errors,
    stored,
    /** The next answer that begins. */
    nextAnswer: () => new Promise<Answer>((resolve) => waiting.push(resolve)),
    async close(): Promise<void> {
      for (const answer of answers) answer.end()
      await turns.close()
      await close()
    },
  }
}

export async function send(page: Page, text: string): Promise<void> {
  await page.getByTestId('composer').fill(text)
  await page.getByTestId('composer').press('Enter')
}

/** What is on screen, finished or not. */
export function shown(page: Page): Promise<string[]> {
  return page
    .locator('.column > article')
    .evaluateAll((articles) => articles.map((one) => one.querySelector('p')?.textContent?.trim() ?? ''))
}

/** Keeps each different picture of the messages that the page paints, from its first on. */
export async function keepPaints(page: Page): Promise<() => Promise<string[][]>> {
  await page.addInitScript(() => {
    const paints: string[][] = []
    Object.assign(globalThis, { paints })
    const look = () => {
      const lines = [...document.querySelectorAll('.column > article')].map(
        (one) => one.querySelector('p')?.textContent?.trim() ?? '',
      )
      if (lines.join('\n') !== paints.at(-1)?.join('\n')) paints.push(lines)
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
  return () => page.evaluate(() => Reflect.get(globalThis, 'paints'))
}
