import type { TokenUsage } from './session.js'

/**
 * What `runTurn` has to know about an agent SDK whose messages are `M`.
 *
 * The members are functions in properties, not methods, so that a driver for a few fields of a message also fits the
 * SDK's full type.
 */
export interface AgentDriver<M> {
  /** The agent session id that the message carries, if any. */
  readonly sessionIdOf: (message: M) => string | undefined
  /** What the message means for the turn. */
  readonly kindOf: (message: M) => MessageKind
  /**
   * Why a resumed run failed, asked about a thrown error or a message of kind `failure`. Say `stale` and `unusable` for
   * the agent's own words, never for a text that only looks like them. A driver that has to look first gives a promise.
   */
  readonly classify: (errorOrMessage: unknown, attempt: ResumeAttempt) => FailureClass | Promise<FailureClass>
  /** Whether `id` has the form of this agent's ids. Checked before an id is used. Omit it if any text may be one. */
  readonly isSessionId?: (id: string) => boolean
  /** Whether each turn gets an id of its own, so that another id than the one asked for is no sign of lost context. */
  readonly hasNewIdEachTurn?: boolean
  /** Whether the agent keeps no sessions: nothing is resumed, nothing can be lost, and the end of its messages is success. */
  readonly isStateless?: boolean
  /** `kindOf` with a memory of one run. Omit it if each message alone shows its kind. */
  readonly createKindOf?: () => (message: M) => MessageKind
  /** The tokens of the turn so far; the last one given counts. Omit it if the agent does not count. */
  readonly usageOf?: (message: M) => TokenUsage | undefined
  /** The text of a finished answer; the last one given becomes the preview. Omit it if there is none. */
  readonly textOf?: (message: M) => string | undefined
  /** The next piece of an answer that is being written. Joined they are the preview where `textOf` gives none. */
  readonly pieceOf?: (message: M) => string | undefined
  /**
   * Watches one turn, to say after it whether the agent keeps what was said. Called before the agent starts, with the session to be resumed, if
   * there is one. Omit it if that cannot be known.
   */
  readonly createWatch?: (resume: string | undefined) => TurnWatch<M>
  /** What a message of kind `failure` says went wrong. It becomes the `cause` of `turn-failed`. */
  readonly failureOf?: (message: M) => unknown
}

/** What a driver sees of one turn. */
export interface TurnWatch<M> {
  /** Given each message of the run that answers, in order. */
  readonly note: (message: M) => void
  /** Asked once, after a turn that succeeded: what `onError` is called with, or `undefined` if the agent has kept the turn. */
  readonly afterDone: () => Promise<unknown>
}

/** A driver for a model that keeps no sessions. */
export interface StatelessDriver<M> extends AgentDriver<M> {
  readonly isStateless: true
}

/** What a message means for the turn. */
export type MessageKind =
  /** Part of the answer. */
  | 'output'
  /** The agent streams its message again: what was unfinished is to be dropped. */
  | 'discard'
  /** The turn's result. Only now is the session id worth keeping. */
  | 'success'
  /** The turn's result is an error. Its session id is never kept. */
  | 'failure'
  | 'other'

/** Why a resumed run failed. Any other failure than the first four never costs an id. */
export type FailureClass =
  /** The agent does not know the session. Counts only as the very first thing a run gives: the turn runs once more, fresh. */
  | 'stale'
  /** It knows the session but not the point in it. Counts only as the very first thing. */
  | 'stale-point'
  /** What was stored is no id of this agent. Counts only as the very first thing. */
  | 'invalid'
  /**
   * What the agent stored of the session can be used by no later message either, such as a transcript it cannot read.
   * Counts at any time: the id is forgotten, and nothing runs again.
   */
  | 'unusable'
  | 'transient'
  | 'other'

/** What a failed run was asked to resume. */
export interface ResumeAttempt {
  readonly resume: string
  readonly resumeAt?: string
  /** The texts given to `onStderr`, as they came; a text need not be a whole line. */
  readonly stderr?: readonly string[]
}
