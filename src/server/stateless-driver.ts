import type { StatelessDriver } from '../core/agent-driver.js'
import type { TokenUsage } from '../core/session.js'

/** What a model's messages mean. */
export interface StatelessDriverOptions<M> {
  /** The piece of the answer in a message; `undefined` in one that has none. */
  readonly textOf: (message: M) => string | undefined
  /** The tokens so far; the last one given counts. */
  readonly usageOf?: (message: M) => TokenUsage | undefined
  /** What a message says went wrong; `undefined` if nothing did. A thrown error needs none of this. */
  readonly failureOf?: (message: M) => unknown
}

/**
 * A driver for models that keep no sessions, such as `streamText` of the AI SDK: the app sends the earlier messages
 * itself. The end of the messages is success, and context is never lost, so `hasHistory` may be left out.
 *
 * @example
 * ```ts
 * import { runTurn, statelessDriver } from 'leftoff/server'
 *
 * const agent = statelessDriver<string>({ textOf: (piece) => piece })
 * const turn = await runTurn({ sessions: sessionStore, key, agent, run: () => streamText({ model, messages }).textStream })
 * ```
 */
export function statelessDriver<M>({ textOf, usageOf, failureOf }: StatelessDriverOptions<M>): StatelessDriver<M> {
  return {
    isStateless: true,
    sessionIdOf: () => undefined,
    kindOf: (message) => {
      if (failureOf?.(message) !== undefined) return 'failure'
      return textOf(message) === undefined ? 'other' : 'output'
    },
    classify: () => 'other',
    pieceOf: textOf,
    ...(usageOf && { usageOf }),
    ...(failureOf && { failureOf }),
  }
}
