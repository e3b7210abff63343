import { readFile } from 'node:fs/promises'
import { createAdaptorServer } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import type { ClaudeMessage } from 'leftoff/agents/claude'
import { type AgentSessionStore, memoryAgentSessions, memoryTurnLog } from 'leftoff/server'
import { type Browser, chromium } from 'playwright'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { createApp } from '../../examples/chat/server/app.js'
import type { ChatAgentRequest } from '../../examples/chat/server/chat-agent.js'
import type { Messages } from '../../examples/chat/server/messages.js'
import { createChatTurns } from '../../examples/chat/server/turns.js'
import type { ChatMessage } from '../../examples/chat/shared/chat-api.js'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { serve } from '../support/serve.js'
import { recordTraffic } from './traffic.js'

// The demo's app and page, with an agent and a store that quote the agent session's id in whatever goes wrong.

const id = '0f0e2c9a-6c1f-4b5e-9a35-1f6f0f3d7a11'
const lost = `No conversation found with session ID: ${id}`

const said = (text: string) => ({
  type: 'stream_event',
  session_id: id,
  event: { type: 'content_block_delta', delta: { type: 'text_delta', text } },
})
const success = { type: 'result', subtype: 'success', is_error: false, session_id: id, result: id }
const failure = (text: string) => ({
  type: 'result',
  subtype: 'error_during_execution',
  is_error: true,
  num_turns: 0,
  errors: [text],
  session_id: id,
})

/** One way for a turn to end badly: what the agent does, what the store does, what the page says. */
interface Trouble {
  readonly agent?: (request: ChatAgentRequest) => AsyncIterable<ClaudeMessage>
  readonly store?: Partial<AgentSessionStore>
  readonly shown: RegExp
}

const memory = memoryAgentSessions()

const refused = async () => {
  throw new Error(`The row of ${id} is locked.`)
}

/** The page sends again by itself; a store that stays away it tells of after a minute. */
function refusedOnce(): AgentSessionStore['beginTurn'] {
  let count = 0
  return async (...given) => (count++ === 0 ? refused() : memory.beginTurn(...given))
}

async function* answers({ resume }: ChatAgentRequest): AsyncGenerator<ClaudeMessage> {
  yield { type: 'system', session_id: id }
  yield said(resume === undefined ? 'Hello.' : 'Hello again.')
  yield success
}

async function* isStale({ resume }: ChatAgentRequest): AsyncGenerator<ClaudeMessage> {
  if (resume !== undefined) yield failure(lost)
  throw new Error(`Claude Code returned an error result: ${lost}`)
}

const otherTurn = { turnId: 'other', messageHash: 'hash', startedAt: 0, state: 'running' } as const

const troubles: Record<string, Trouble> = {
  'the agent throws before any output': {
    // biome-ignore lint/correctness/useYield: it fails before it says anything
    async *agent() {
      throw new Error(`Cannot read ${id}.jsonl`, { cause: new Error(id) })
    },
    shown: /could not answer this message/,
  },
  'the agent throws in the middle of an answer': {
    async *agent() {
      yield said('As I was')
      throw new Error(`Session ${id} broke off`)
    },
    shown: /could not answer this message/,
  },
  'the agent ends with an error result': {
    async *agent() {
      yield said('I try')
      yield failure(`Session ${id} ran out of turns`)
    },
    shown: /could not answer this message/,
  },
  'the session is stale, and so is the fresh one': { agent: isStale, shown: /could not answer this message/ },
  'the stale session cannot be cleared': {
    agent: isStale,
    store: { clearStale: refused },
    shown: /could not be started afresh/,
  },
  'the lease is lost': { agent: answers, store: { endTurn: async () => false }, shown: /continued elsewhere/ },
  'the store is down for a moment': { store: { beginTurn: refusedOnce() }, agent: answers, shown: /Hello/ },
  'another turn runs': {
    store: { beginTurn: async () => ({ ok: false, turn: otherTurn, retryAfterMs: 1_000 }) },
    shown: /still answering/,
  },
}

let trouble: Trouble = { shown: /./ }
let browser: Browser
let address: string
const kept: ChatMessage[] = []
const errors: unknown[] = []

beforeAll(async () => {
  const store = {
    ...memory,
    beginTurn: async (...given) => {
      await memory.set(given[0], id)
      return (trouble.store?.beginTurn ?? memory.beginTurn)(...given)
    },
    clearStale: (...given) => (trouble.store?.clearStale ?? memory.clearStale)(...given),
    endTurn: (...given) => (trouble.store?.endTurn ?? memory.endTurn)(...given),
  } satisfies AgentSessionStore
  const messages: Messages = {
    list: async () => kept,
    save: async (_of, message) => {
      const at = kept.findIndex(({ id }) => id === message.id)
      kept.splice(at < 0 ? kept.length : at, 1, message)
    },
  }
  const cookieSecret = 'a secret of this test, long enough to sign with'
  const onError = (error: unknown) => void errors.push(error)
  const app = createApp({
    sessionStore: store,
    messages,
    transcripts: {
      summarize: async () => undefined,
      read: async () => [],
      append: async () => {},
      remove: async () => false,
      workingFolder: () => '',
    },
    turns: createChatTurns({
      sessionStore: store,
      log: memoryTurnLog(),
      messages,
      agent: { run: (request) => (trouble.agent ?? answers)(request) },
      cookieSecret,
      now: Date.now,
      onError,
    }),
    html: await readFile('examples/chat/dist/page/index.html', 'utf8'),
    cookieSecret,
    onError,
    createId: () => crypto.randomUUID(),
  })
  app.get('/assets/*', serveStatic({ root: 'examples/chat/dist/page' }))
  const { port, close } = await serve(createAdaptorServer({ fetch: app.fetch }))
  address = `http://localhost:${port}/chat`
  browser = await chromium.launch(chromiumLaunchOptions())
  return async () => {
    await browser.close()
    await close()
  }
})

it.each(Object.keys(troubles))('no byte that reaches the browser names the agent session when %s', async (name) => {
  trouble = troubles[name] ?? trouble
  // A page would show an earlier answer, and the test would look before its own has come.
  kept.length = 0
  errors.length = 0
  const page = await browser.newPage({ reducedMotion: 'reduce' })
  onTestFinished(() => page.close())
  const traffic = recordTraffic(page)
  // Some of it is on screen for a moment only: of a turn that continued elsewhere the page loads what came of it.
  await page.addInitScript(() => {
    const seen: string[] = []
    Object.assign(window, { seen })
    const look = new MutationObserver(() => void seen.push(document.body?.textContent ?? ''))
    look.observe(document, { subtree: true, childList: true, characterData: true })
  })
  await page.goto(address)
  await page.getByTestId('composer').fill('hello')
  await page.getByTestId('composer').press('Enter')
  await expect.poll(() => page.evaluate(allSeen), { timeout: 30_000 }).toMatch(trouble.shown)

  const stored = await page.evaluate(async () => {
    const databases = await indexedDB.databases()
    return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, databases])
  })
  const seen = await page.evaluate(allSeen)
  const bytes = [await traffic.stop(), stored, seen, await page.content()].join('\n')
  expect(bytes).toMatch(trouble.shown)
  expect(bytes).not.toContain(id)
  // The server's log does hear of it, but for a busy answer, which is none.
  expect(errors.length > 0).toBe(name !== 'another turn runs')
})

/** Every text that was in the page. */
function allSeen(): string {
  return (window as unknown as { readonly seen: readonly string[] }).seen.join('\n')
}
