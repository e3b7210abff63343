import { turnQuery } from '../../../src/core/turn-requests.js'
import { createStreamParser, type SentEvent, type TurnStreamEvent } from '../../../src/core/turn-stream.js'
import type { AgentSessionStore } from '../../../src/server/agent-session-store.js'
import { createTurnHandler } from '../../../src/server/handler/create-turn-handler.js'
import type {
  TurnAnswer,
  TurnHandler,
  TurnHandlerSettings,
  TurnQuestion,
} from '../../../src/server/handler/turn-handler.js'
import { memoryTurnLog } from '../../../src/server/log/memory-turn-log.js'
import { memoryAgentSessions } from '../../../src/server/memory-agent-sessions.js'
import type { TurnLog } from '../../../src/server/turn-log.js'
import { type ManualClock, manualClock } from '../../../src/testing/manual-clock.js'
import { driver, type Message, type ScriptedAgent } from '../scripted-agent.js'

export const conversation = { workspace: 'demo.alive.best', conversationId: 'c1' }

export interface HandlerSetup {
  readonly clock: ManualClock
  readonly sessions: AgentSessionStore
  readonly log: TurnLog
  readonly handler: TurnHandler
  /** What the app has stored, by id, and every call in order: `question m1`, `answer m1.answer done`. */
  readonly questions: Map<string, TurnQuestion<string>>
  readonly answers: Map<string, TurnAnswer>
  readonly calls: string[]
  readonly errors: unknown[]
  /** Another process over the same store and log. */
  another(agent: ScriptedAgent, options?: Partial<Options>): TurnHandler
}

export type Options = TurnHandlerSettings<Message, string> & { hasHistory: () => boolean }

/** A handler over memory on a clock that stands still, whose parts a test may replace. */
export function setUpHandler(
  agent: ScriptedAgent,
  options: Partial<Options> = {},
  wrap: {
    readonly sessions?: (sessions: AgentSessionStore) => Partial<AgentSessionStore>
    readonly log?: (log: TurnLog) => Partial<TurnLog>
  } = {},
): HandlerSetup {
  const clock = manualClock()
  const memory = memoryAgentSessions({ clock })
  const memoryLog = memoryTurnLog({ clock })
  const sessions = { ...memory, ...wrap.sessions?.(memory) }
  const log = { ...memoryLog, ...wrap.log?.(memoryLog) }
  const questions = new Map<string, TurnQuestion<string>>()
  const answers = new Map<string, TurnAnswer>()
  const calls: string[] = []
  const errors: unknown[] = []

  const create = (agent: ScriptedAgent, options: Partial<Options>) =>
    createTurnHandler<Message>({
      sessions,
      log,
      agent: driver,
      authorize: (request) => {
        const userId = request.headers.get('x-user')
        return userId ? { userId } : new Response('Sign in.', { status: 401 })
      },
      hasHistory: () => answers.size > 0,
      run: ({ input, ...request }) => {
        calls.push(`agent ${input}`)
        return agent.run(request)
      },
      onQuestion: (question) => {
        calls.push(`question ${question.messageId}`)
        questions.set(question.messageId, question)
      },
      onAnswer: (answer) => {
        calls.push(`answer ${answer.answerId} ${answer.outcome}`)
        answers.set(answer.answerId, answer)
      },
      onError: (error) => errors.push(error),
      clock,
      ...options,
    })

  return {
    clock,
    sessions,
    log,
    handler: create(agent, options),
    questions,
    answers,
    calls,
    errors,
    another: (agent, more = {}) => create(agent, { ...options, ...more }),
  }
}

/** A `POST`. */
export function post(body: object, headers: Record<string, string> = {}): Request {
  return new Request('http://localhost/api/turn', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'x-user': 'ada', ...headers },
    body: JSON.stringify({ ...conversation, ...body }),
  })
}

/** A `GET` or a `DELETE`. */
export function ask(
  method: 'GET' | 'DELETE',
  query: { turnId?: string; after?: number } = {},
  headers: Record<string, string> = {},
): Request {
  const address = `http://localhost/api/turn?${turnQuery({ ...conversation, ...query })}`
  return new Request(address, { method, headers: { 'x-user': 'ada', ...headers } })
}

/** Reads a stream in the background. */
export interface Reading {
  readonly seen: SentEvent[]
  readonly events: () => TurnStreamEvent[]
  /** The text as a page shows it. */
  readonly text: () => string
  readonly isOver: () => boolean
  readonly ended: Promise<void>
  cancel(): void
}

export function reading(response: Response): Reading {
  const reader = response.body?.getReader()
  if (!reader) throw new Error(`${response.status}: no stream`)
  const parse = createStreamParser()
  const seen: SentEvent[] = []
  let isOver = false
  const ended = (async () => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      seen.push(...parse(value))
    }
    isOver = true
  })()
  return {
    seen,
    events: () => seen.map(({ event }) => event),
    text: () => textOf(seen.map(({ event }) => event)),
    isOver: () => isOver,
    ended,
    cancel: () => void reader.cancel(),
  }
}

/** The text that a page shows after these events. */
export function textOf(events: readonly TurnStreamEvent[]): string {
  let text = ''
  for (const event of events) {
    if (event.type === 'text') text += event.text
    if (event.type === 'discard') text = text.slice(0, event.keep)
  }
  return text
}
