import { LeftoffError } from '../core/error.js'
import { parseTabKey } from '../core/tab-key.js'
import type { TurnOptions } from './turn-options.js'

/**
 * Throws `invalid-argument` with what to do for options that no TypeScript has checked. A turn with half of them would
 * fail late, or lose context in silence.
 */
export function checkTurnOptions<M>(options: TurnOptions<M>): void {
  const { sessions, key, agent, run, hasHistory, leaseMs = 1 }: Unchecked<M> = options ?? {}
  const hasFunction = (name: keyof NonNullable<typeof agent>) => typeof agent?.[name] === 'function'
  if (typeof sessions?.beginTurn !== 'function') {
    throw wrong('`sessions` must be an AgentSessionStore, such as memoryAgentSessions().')
  }
  if (typeof key !== 'string' || !parseTabKey(key)) {
    throw wrong('`key` must be a tab key. Make it with tabKey({ userId, workspace, tabId }).')
  }
  if (!hasFunction('sessionIdOf') || !hasFunction('kindOf') || !hasFunction('classify')) {
    throw wrong('`agent` must be an AgentDriver, such as claudeDriver from leftoff/agents/claude.')
  }
  if (typeof run !== 'function') throw wrong('`run` must be a function that starts the agent.')
  if (typeof hasHistory !== 'boolean' && typeof hasHistory !== 'function') {
    throw wrong(
      '`hasHistory` must say whether the conversation had messages before this one, or be a function that does.',
    )
  }
  if (!(leaseMs > 0 && leaseMs < longestTimerMs)) {
    throw wrong(`\`leaseMs\` must be more than 0 and less than ${longestTimerMs}, not ${leaseMs}.`)
  }
}

/** A timer set for longer fires at once, in Node and in browsers. */
const longestTimerMs = 2 ** 31

type Unchecked<M> = { readonly [Name in keyof TurnOptions<M>]?: TurnOptions<M>[Name] | undefined }

function wrong(what: string): LeftoffError {
  return new LeftoffError('invalid-argument', `runTurn: ${what}`)
}
