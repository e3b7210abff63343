import type { AgentDriver, MessageKind } from '../core/agent-driver.js'
import { LeftoffError } from '../core/error.js'
import type { TokenUsage } from '../core/session.js'
import { preview } from '../core/text.js'
import type { TurnEvent } from '../core/turn-event.js'

/** What one run of the agent has shown so far. */
export interface Answer<M> {
  /** Takes a message into account, each once and in order. */
  note(message: M): MessageKind
  /** The session that the messages so far are from, if they show it. */
  sessionId(): string | undefined
  /**
   * The id worth storing, if any: after success, or when a turn with output is cut short. Never one of an error
   * result.
   */
  toStore(end: 'finished' | 'aborted'): { readonly agentSessionId?: string }
  /** Why an agent that has nothing more to say did not succeed; `undefined` if it did. */
  failure(): LeftoffError | undefined
  /** The message with which the agent said that it failed. */
  failureMessage(): M | undefined
  done(): Extract<TurnEvent<M>, { type: 'done' }>
  /** After `done`: what the driver has found wrong with what the agent kept, if anything. */
  afterDone(): Promise<unknown>
}

/** An answer of which nothing is known yet, from the session `resume` if there is one. */
export function createAnswer<M>(agent: AgentDriver<M>, resume?: string): Answer<M> {
  const kindOf = agent.createKindOf?.() ?? agent.kindOf
  const { sessionIdOf, usageOf, textOf, pieceOf, failureOf, isStateless = false } = agent
  const watch = agent.createWatch?.(resume)
  let agentSessionId: string | undefined
  let hasOutput = false
  let hasSucceeded = false
  let result: 'success' | 'failure' | undefined
  let failed: M | undefined
  let usage: TokenUsage | undefined
  let text: string | undefined
  /** Its beginning, as much of it as a preview can show. */
  let pieces = ''

  return {
    note(message) {
      const kind = kindOf(message)
      watch?.note(message)
      if (kind === 'failure') {
        result = kind
        failed = message
        return kind
      }
      agentSessionId = sessionIdOf(message) || agentSessionId
      usage = usageOf?.(message) ?? usage
      text = textOf?.(message) || text
      if (pieceOf && pieces.length < longestPreview) pieces += pieceOf(message) ?? ''
      if (kind === 'output') hasOutput = true
      if (kind === 'success') {
        hasSucceeded = true
        result = kind
      }
      return kind
    },

    sessionId: () => agentSessionId,

    toStore(end) {
      const isWorthIt = hasSucceeded || (end === 'aborted' && hasOutput && result !== 'failure')
      return isWorthIt && agentSessionId !== undefined ? { agentSessionId } : {}
    },

    failure() {
      if (result === 'success' || (isStateless && result !== 'failure')) return undefined
      if (failed === undefined) {
        return new LeftoffError(
          'turn-failed',
          'The agent stopped before it gave a result. Look at its own log, then send again.',
        )
      }
      return new LeftoffError(
        'turn-failed',
        'The agent ended the turn with an error: see `cause`, or the last message that the agent sent.',
        {
          cause: failureOf?.(failed),
        },
      )
    },

    failureMessage: () => failed,

    done() {
      const lastText = preview(text ?? pieces)
      return {
        type: 'done',
        ...(usage && { usage }),
        ...(lastText !== undefined && { preview: lastText }),
      }
    },

    afterDone: async () => watch?.afterDone(),
  }
}

/** A preview has 120 code points, and leaves out spaces. */
const longestPreview = 1_000
