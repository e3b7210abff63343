import type { AgentDriver, StatelessDriver } from '../core/agent-driver.js'
import type { Clock } from '../core/clock.js'
import type { TabKey } from '../core/tab-key.js'
import type { RecoveryReason } from '../core/turn-event.js'
import type { AgentSessionStore } from './agent-session-store.js'

/** How one turn is run. */
export type TurnOptions<M> = TurnSettings<M> & (WithSessions<M> | WithoutSessions<M>)

/** An agent that keeps sessions. */
export interface WithSessions<M> {
  readonly agent: AgentDriver<M>
  /**
   * Whether the conversation had messages before this turn's. Asked only when there is no agent session to resume: then
   * their context is lost.
   */
  readonly hasHistory: boolean | (() => boolean | Promise<boolean>)
}

/** An agent that keeps none, so that no context can be lost. */
export interface WithoutSessions<M> {
  readonly agent: StatelessDriver<M>
  readonly hasHistory?: undefined
}

/** The rest of how one turn is run. */
export interface TurnSettings<M> {
  readonly sessions: AgentSessionStore
  readonly key: TabKey
  /**
   * Names this attempt to answer a message, so that a message that is sent again runs once. The browser creates it: 1 to
   * 64 of `A-Z a-z 0-9 _ -`. Without one nothing can be recognised as a repeat.
   */
  readonly turnId?: string
  /** What `hashMessage` gives for the message. Another message under the same `turnId` is then refused. */
  readonly messageHash?: string
  /**
   * Starts the agent. A turn that recovers calls it again, so it makes a new prompt each time: a used iterator cannot
   * be sent twice.
   */
  readonly run: (request: AgentRequest) => AgentRun<M> | Promise<AgentRun<M>>
  /** Forgets the stored session first: for a person who asks to start afresh after `canStartFresh`. */
  readonly fresh?: boolean
  /** A point in the session to resume at, where the agent has such points. */
  readonly resumeAt?: string
  /**
   * What a fresh run should know of the lost context, such as the app's own summary. It is passed to `run` as
   * `context`. If it fails, `onError` is told and the run gets none.
   */
  readonly rehydrate?: (lost: LostContext) => string | undefined | Promise<string | undefined>
  /** Called for each recovery once its outcome is known. For logs; the reader gets `recovered`. It may be async. */
  readonly onRecovery?: (report: RecoveryReport) => void
  /**
   * Called with what the reader of `events` does not get: what ended a turn after its reader left, what kept the session from
   * being stored then, what `onRecovery` threw. A reader who leaves is not an error. It may be async; what it throws is
   * dropped.
   */
  readonly onError?: (error: unknown) => void
  /**
   * The client's, such as `request.signal`: aborting it is a disconnect, and the reader gets `turn-interrupted`. Pass
   * it if you read `events` in an async generator of your own: its `return()` waits for the agent, the signal does
   * not.
   */
  readonly signal?: AbortSignal
  /**
   * What becomes of the turn when its reader leaves, or reads nothing for a minute. `abort`: the agent is stopped; what
   * it put out is kept in its session. `continue`: the reader is freed at once, the turn runs to its end and its
   * session is stored. Errors then go to `onError`, and lost context is reported by `onRecovery` alone: keep it
   * for when the reader is back.
   */
  readonly onDisconnect?: 'abort' | 'continue'
  /** How long a turn may take before the agent is stopped; 30 min. `Infinity` sets no limit. */
  readonly maxTurnMs?: number
  /** How long the key stays taken when this process dies; 30 s. A running turn renews it every third. */
  readonly leaseMs?: number
  readonly clock?: Clock
  /** How the ids of the lease and of a turn without one are made; a random UUID when omitted. */
  readonly createId?: () => string
}

/** The agent's messages; with `forks: true` when it answers from a copy of the session, which has another id. */
export type AgentRun<M> = AsyncIterable<M> | { readonly messages: AsyncIterable<M>; readonly forks?: boolean }

/** What one run of the agent is asked to do. */
export interface AgentRequest {
  /** The agent session to resume; missing for a fresh one. */
  readonly resume?: string
  readonly resumeAt?: string
  /** Aborted when the run must stop. Honour it: the next turn waits up to five seconds for an agent that does not. */
  readonly signal: AbortSignal
  /** What `rehydrate` gave. */
  readonly context?: string
  /** Give it what the agent writes to stderr: some versions say only there that they do not know a session. */
  readonly onStderr: (text: string) => void
}

/** Why the agent starts without the earlier context. */
export interface LostContext {
  readonly reason: RecoveryReason
  readonly signal: AbortSignal
}

/** A recovery and what came of it. */
export interface RecoveryReport {
  /** What was tried instead: a new session, the same session without its resume point, or nothing. */
  readonly attempted: 'fresh' | 'without-point' | 'nothing'
  readonly reason: RecoveryReason
  /** `recovered` once the agent answers. */
  readonly outcome: 'recovered' | 'failed'
  /** With `failed`, if something was thrown. */
  readonly error?: unknown
}
