import { LeftoffError } from '../core/error.js'
import { parseTabKey } from '../core/tab-key.js'
import { isTurnId } from './turn-ids.js'
import type { TurnOptions } from './turn-options.js'

/**
 * Throws `invalid-argument` with what to do for options that no TypeScript has checked. A turn with half of them would
 * fail late, or lose context in silence.
 */
export function checkTurnOptions<M>(options: TurnOptions<M>): void {
  const unchecked: Unchecked<M> = options ?? {}
  const { sessions, key, agent, run, hasHistory, turnId, leaseMs = 1, maxTurnMs = 1 } = unchecked
  const hasFunction = (name: keyof NonNullable<typeof agent>) => typeof agent?.[name] === 'function'
  if (typeof sessions?.beginTurn !== 'function' || typeof sessions.getTurn !== 'function') {
    throw wrong('`sessions` must be an AgentSessionStore, such as memoryAgentSessions().')
  }
  if (typeof key !== 'string' || !parseTabKey(key)) {
    throw wrong('`key` must be a tab key. Make it with tabKey({ userId, workspace, tabId }).')
  }
  if (!hasFunction('sessionIdOf') || !hasFunction('kindOf') || !hasFunction('classify')) {
    throw wrong('`agent` must be an AgentDriver, such as claudeDriver from leftoff/agents/claude.')
  }
  if (typeof run !== 'function') throw wrong('`run` must be a function that starts the agent.')
  if (typeof hasHistory !== 'boolean' && typeof hasHistory !== 'function' && agent?.isStateless !== true) {
    throw wrong(
      '`hasHistory` must say whether the conversation had messages before this one, or be a function that does.',
    )
  }
  if (turnId !== undefined && !isTurnId(turnId)) {
    throw wrong('`turnId` must be 1 to 64 letters, digits, - and _. Check it where the request comes in.')
  }
  if (!(leaseMs > 0 && leaseMs < longestTimerMs)) {
    throw wrong(`\`leaseMs\` must be more than 0 and less than ${longestTimerMs}, not ${leaseMs}.`)
  }
  if (!(maxTurnMs > 0)) throw wrong(`\`maxTurnMs\` must be more than 0, not ${maxTurnMs}.`)
}

/** A timer set for longer fires at once, in Node and in browsers. */
export const longestTimerMs: number = 2 ** 31

type Unchecked<M> = { readonly [Name in keyof TurnOptions<M>]?: TurnOptions<M>[Name] | undefined }

function wrong(what: string): LeftoffError {
  return new LeftoffError('invalid-argument', `runTurn: ${what}`)
}
