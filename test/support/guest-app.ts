import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../src/core/clock.js'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import {
  type AgentSessionStore,
  type ClaimedConversation,
  type ClaimGuestResult,
  claimGuest,
  createTurnHandler,
  memoryTurnLog,
} from '../../src/server/index.js'
import { createSessionStore } from '../../src/store/create-session-store.js'
import { driver, init, type Message, ok, text } from '../server/scripted-agent.js'

/** What an app with guests keeps, and its clock. */
export interface GuestStorage {
  readonly sessions: AgentSessionStore
  readonly history: SessionAdapter
  readonly clock: Clock
  /** Waits for a promise, and lets time pass. */
  run<T>(promise: Promise<T>): Promise<T>
}

export const workspace = 'demo.alive.best'

/** An app whose agent remembers the name it was told, with people who come as guests and sign in. */
export function guestApp({ sessions, history, clock, run }: GuestStorage) {
  const secret = randomUUID()
  const messages: { userId: string; conversationId: string; text: string }[] = []
  const names = new Map<string, string>()
  /** Answers wait for it. */
  let gate: Promise<unknown> = Promise.resolve()

  async function* agent(input: string, resume: string | undefined): AsyncGenerator<Message> {
    const id = resume ?? randomUUID()
    yield init(id)
    await gate
    const name = /^I am (\w+)/.exec(input)?.[1]
    if (name) names.set(id, name)
    yield text(names.get(id) ?? 'nobody')
    yield ok(id)
  }

  const handler = createTurnHandler<Message>({
    sessions,
    log: memoryTurnLog(),
    agent: driver,
    authorize: (request) => ({ userId: request.headers.get('x-user') ?? '' }),
    hasHistory: ({ userId, conversationId }) =>
      messages.some((one) => one.userId === userId && one.conversationId === conversationId),
    run: ({ input, resume }) => agent(input, resume),
    onQuestion: ({ userId, conversationId, input }) => {
      messages.push({ userId, conversationId, text: input })
    },
    onAnswer: ({ userId, conversationId, text }) => {
      messages.push({ userId, conversationId, text })
    },
  })

  /** Moves messages as SQL would: those of this guest, in this conversation. */
  const onConversation = ({ from, to, conversationId }: ClaimedConversation): void => {
    for (const message of messages) {
      if (message.userId === from && message.conversationId === conversationId) message.userId = to
    }
  }

  const sign = (id: string) => createHmac('sha256', secret).update(id).digest('base64url')

  function guestOf(cookie: string): string | undefined {
    const [id = '', signature = ''] = cookie.split('.')
    const [given, right] = [Buffer.from(signature), Buffer.from(sign(id))]
    return given.length === right.length && timingSafeEqual(given, right) ? id : undefined
  }

  return {
    messages,
    onConversation,
    hold(until: Promise<unknown>): void {
      gate = until
    },
    /** Gives a new guest a cookie, as the server would. */
    newGuest(): { readonly id: string; readonly cookie: string } {
      const id = randomUUID()
      return { id, cookie: `${id}.${sign(id)}` }
    },
    /** Sends a message, and gives the answer. */
    async ask(userId: string, conversationId: string, message: string): Promise<string> {
      const body = JSON.stringify({ workspace, conversationId, turnId: randomUUID(), message })
      const headers = { 'Content-Type': 'application/json', 'x-user': userId }
      const response = await handler.POST(new Request('http://localhost/api/turn', { method: 'POST', headers, body }))
      const sent = await response.text()
      return /"text":"(\w+)"/.exec(sent)?.[1] ?? sent
    },
    /** What the guest's page counts. */
    async record(userId: string, conversationId: string, texts: readonly string[]): Promise<void> {
      const store = createSessionStore({ adapter: history, userId })
      await run(store.initConversation(workspace, { conversationId, createUnknown: true }))
      for (const text of texts) store.recordMessage({ role: 'user', text, messageId: randomUUID() })
      await run(store.flush())
      await run(store.dispose())
    },
    /** What the sign-in route does with the cookie that came. */
    signIn(
      cookie: string,
      to: string,
      options: Partial<Parameters<typeof claimGuest>[0]> = {},
    ): Promise<ClaimGuestResult> {
      const from = guestOf(cookie)
      if (from === undefined) return Promise.resolve({ claimed: [], left: [] })
      return claimGuest({ sessions, history, from, to, onConversation, clock, ...options })
    },
    async historyOf(userId: string) {
      const { sessions: rows } = await history.list(userId, { limit: 100 })
      return rows.map(({ conversationId, messageCount }) => ({ conversationId, messageCount }))
    },
  }
}
