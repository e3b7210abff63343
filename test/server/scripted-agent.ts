import type { AgentDriver } from '../../src/core/agent-driver.js'
import type { TurnEvent } from '../../src/core/turn-event.js'
import type { AgentRequest } from '../../src/server/turn-options.js'

/** The messages of an agent as small as one can be. */
export type Message =
  | { readonly type: 'init'; readonly id: string }
  | { readonly type: 'note' }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'retry' }
  | { readonly type: 'ok'; readonly id: string; readonly text?: string }
  | { readonly type: 'error'; readonly id?: string; readonly says: string }

export const init = (id: string): Message => ({ type: 'init', id })
export const text = (words: string): Message => ({ type: 'text', text: words })
export const ok = (id: string): Message => ({ type: 'ok', id })

export const driver: AgentDriver<Message> = {
  sessionIdOf: (message) => ('id' in message ? message.id : undefined),
  kindOf: ({ type }) => {
    if (type === 'text') return 'output'
    if (type === 'retry') return 'discard'
    if (type === 'ok') return 'success'
    return type === 'error' ? 'failure' : 'other'
  },
  classify: (given, { resume, resumeAt, stderr = [] }) => {
    const says = [given instanceof Error ? given.message : isError(given) ? given.says : '', ...stderr]
    if (says.includes(`no session ${resume}`)) return 'stale'
    if (resumeAt !== undefined && says.includes(`no point ${resumeAt}`)) return 'stale-point'
    if (says.includes(`bad id ${resume}`)) return 'invalid'
    return says.includes('timeout') ? 'transient' : 'other'
  },
  isSessionId: (id) => !id.includes(' '),
  usageOf: (message) => (message.type === 'ok' ? { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 } : undefined),
  textOf: (message) => (message.type === 'text' ? message.text : undefined),
}

function isError(given: unknown): given is Extract<Message, { type: 'error' }> {
  return typeof given === 'object' && given !== null && 'says' in given
}

/** What a run does next: a message, an error to throw, or to wait for something. */
export type Step = Message | Error | Promise<unknown>

/** An agent whose runs follow scripts, one per run, and what it was asked. */
export interface ScriptedAgent {
  readonly requests: AgentRequest[]
  readonly run: (request: AgentRequest) => AsyncIterable<Message>
  /** How many runs have ended, in whatever way. */
  ended(): number
}

export function scriptedAgent(
  ...scripts: (readonly Step[] | ((request: AgentRequest) => readonly Step[]))[]
): ScriptedAgent {
  const requests: AgentRequest[] = []
  let ended = 0
  return {
    requests,
    ended: () => ended,
    run: (request) => {
      const script = scripts[requests.length]
      requests.push(request)
      if (!script) throw new Error('one run too many')
      return follow(typeof script === 'function' ? script(request) : script, () => {
        ended += 1
      })
    },
  }
}

async function* follow(steps: readonly Step[], onEnd: () => void): AsyncGenerator<Message> {
  try {
    for (const step of steps) {
      if (step instanceof Error) throw step
      if (step instanceof Promise) await step
      else yield step
    }
  } finally {
    onEnd()
  }
}

/** Waits like a well-behaved agent: silent until it is told to stop. */
export function untilAborted({ signal }: AgentRequest): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('Operation aborted')), { once: true })
  })
  aborted.catch(() => {}) // a run that is closed before it gets here never waits for it
  return aborted
}

export const never: Promise<never> = new Promise(() => {})

/** All that a reader sees: the events, then the error if there was one. */
export async function readAll<M>(
  events: AsyncIterable<TurnEvent<M>>,
): Promise<{ events: TurnEvent<M>[]; error?: unknown }> {
  const seen: TurnEvent<M>[] = []
  try {
    for await (const event of events) seen.push(event)
    return { events: seen }
  } catch (error) {
    return { events: seen, error }
  }
}

/** The events in short: `['recovered stale', 'started fresh', 'Hi', 'done']`. */
export function inShort(events: readonly TurnEvent<Message>[]): string[] {
  return events.map((event) => {
    if (event.type === 'started') return event.resumed ? 'started resumed' : 'started fresh'
    if (event.type === 'recovered') return `recovered ${event.reason}${event.contextLost ? '' : ' with context'}`
    if (event.type === 'message') return event.message.type === 'text' ? event.message.text : event.message.type
    return event.type
  })
}
