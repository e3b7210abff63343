import { LeftoffError } from '../../core/error.js'
import type { TurnHandlerOptions } from './turn-handler.js'

/** Throws `invalid-argument` for options that no TypeScript has checked: at the start, not with the first message. */
export function checkHandlerOptions<M, I>(options: TurnHandlerOptions<M, I>): void {
  const unchecked: { readonly [Name in keyof TurnHandlerOptions<M, I>]?: unknown } = options ?? {}
  const { log, authorize, run, hasHistory, agent, sessions } = unchecked
  if (!has(sessions, 'beginTurn'))
    throw wrong('`sessions` must be an AgentSessionStore, such as memoryAgentSessions().')
  if (log !== false && !has(log, 'append')) {
    throw wrong('`log` must be a TurnLog, such as memoryTurnLog(), or false for turns that end with their page.')
  }
  if (typeof authorize !== 'function') throw wrong('`authorize` must be a function that says who asks.')
  if (typeof run !== 'function') throw wrong('`run` must be a function that starts the agent.')
  if (!has(agent, 'kindOf')) throw wrong('`agent` must be an AgentDriver, such as claudeDriver.')
  const isStateless = typeof agent === 'object' && agent !== null && 'isStateless' in agent && agent.isStateless
  if (typeof hasHistory !== 'function' && !isStateless) {
    throw wrong('`hasHistory` must be a function that says whether the conversation has messages before this one.')
  }
}

function has(value: unknown, name: string): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Object.entries(value).find(([key]) => key === name)?.[1] === 'function'
  )
}

function wrong(what: string): LeftoffError {
  return new LeftoffError('invalid-argument', `createTurnHandler: ${what}`)
}
