import type { AgentDriver, StatelessDriver } from '../../core/agent-driver.js'
import type { Clock } from '../../core/clock.js'
import type { TokenUsage } from '../../core/session.js'
import type { AgentSessionStore } from '../agent-session-store.js'
import type { Authorized } from '../session-routes.js'
import type { TurnLog } from '../turn-log.js'
import type { AgentRequest, AgentRun, LostContext, RecoveryReport } from '../turn-options.js'
import type { StandardSchema } from './message-input.js'

/** Turns over HTTP. The members are functions without `this`: `export const { GET, POST, DELETE } = turns`. */
export interface TurnHandler {
  /** Follows a turn: a page that was loaded in mid-answer, or lost its connection. */
  readonly GET: (request: Request) => Promise<Response>
  /** Sends a message. */
  readonly POST: (request: Request) => Promise<Response>
  /** Stops a turn. */
  readonly DELETE: (request: Request) => Promise<Response>
  /** Whichever of the three the request's method says. */
  readonly fetch: (request: Request) => Promise<Response>
  /**
   * For a process that has to end: takes no more messages and ends the turns that run here. Resolves once all is stored.
   * Readers hear `turn-interrupted`.
   */
  readonly close: () => Promise<void>
}

/** Settings of `createTurnHandler`. `M` is a message of the agent, `I` what `input` makes of a message of the user. */
export type TurnHandlerOptions<M, I = string> = TurnHandlerSettings<M, I> &
  (
    | {
        readonly agent: AgentDriver<M>
        /**
         * Whether the app has messages of the conversation before this one, which a retry sends under the same `messageId`.
         * Asked only when there is no agent session to resume: then its context is lost. A question alone counts: the process
         * that was to store its answer may have been killed.
         */
        readonly hasHistory: (turn: TurnIds) => boolean | Promise<boolean>
      }
    | { readonly agent: StatelessDriver<M>; readonly hasHistory?: undefined }
  )

/** The rest of the settings. */
export interface TurnHandlerSettings<M, I> {
  readonly sessions: AgentSessionStore
  /**
   * Where pages that come back read what was sent. `false`: the turn lives in one response, and `onDisconnect` says what
   * becomes of it when its reader leaves.
   */
  readonly log: TurnLog | false
  /** Who asks, by your authentication, and whether they may: the user, or your answer to those who may not. */
  readonly authorize: (
    request: Request,
    conversation: { readonly workspace: string; readonly conversationId: string },
  ) => Authorized | PromiseLike<Authorized>
  /** Starts the agent. A turn that recovers calls it again. */
  readonly run: (request: TurnRun<I>) => AgentRun<M> | Promise<AgentRun<M>>
  /** What a message must be: any Standard Schema, as of zod, valibot or arktype. A text of 1 to 8,000 characters when omitted. */
  readonly input?: StandardSchema<I>
  /**
   * What of an agent's message the browser gets, as JSON. `text` is appended to the answer; `data` goes beside it, in order. When
   * omitted, the text that the driver finds in it. Never hand on the message itself: it carries the agent's session id.
   */
  readonly toClient?: (message: M) => ClientPart | undefined
  /**
   * Stores the question, before the agent starts; 10 s. If it fails, the turn has not started. Runs at least once per
   * turn: upsert by user, conversation and `messageId`, since clients choose ids.
   */
  readonly onQuestion?: (question: TurnQuestion<I>) => unknown
  /**
   * Stores the answer, before any reader hears that it is complete; 10 s, three tries. Not called if nothing was shown. Upsert by
   * user, conversation and `answerId`.
   */
  readonly onAnswer?: (answer: TurnAnswer) => unknown
  /** As in `runTurn`; 10 s. */
  readonly rehydrate?: (lost: LostContext) => string | undefined | Promise<string | undefined>
  /** Told when the agent's session could not be used as asked; as for `runTurn`. */
  readonly onRecovery?: (report: RecoveryReport) => void
  /** Called with every error of which the browser gets only a code. It may be async. */
  readonly onError?: (error: unknown) => void
  /** With `log: false`: whether the agent is stopped when its reader leaves (`abort`, the default) or runs to its end. */
  readonly onDisconnect?: 'abort' | 'continue'
  /** Where a platform ends the process after a response: it must wait for this, which never rejects. */
  readonly waitUntil?: (turn: Promise<unknown>) => void
  /** How much a request's body may hold; 256 kB. */
  readonly maxBodyBytes?: number
  /** How long a turn may take before the agent is stopped; 30 min. `Infinity` sets no limit. */
  readonly maxTurnMs?: number
  /** How long the conversation stays taken when this process dies; 30 s. */
  readonly leaseMs?: number
  readonly clock?: Clock
}

/** What names a turn. */
export interface TurnIds {
  readonly userId: string
  readonly workspace: string
  readonly conversationId: string
  /** One attempt to answer. */
  readonly turnId: string
  /** The question: a retry has the same. Chosen by the client. */
  readonly messageId: string
}

/** The user's message. */
export interface TurnQuestion<I> extends TurnIds {
  /** What `input` made of it. */
  readonly input: I
  /** Aborted when it takes too long. */
  readonly signal: AbortSignal
}

/** What the agent is asked. */
export interface TurnRun<I> extends TurnIds, AgentRequest {
  readonly input: I
}

/** The answer, as far as it came. */
export interface TurnAnswer extends TurnIds {
  /** `<messageId>.answer`. */
  readonly answerId: string
  /** What the person saw; if only `data` was sent, the text that the driver found. */
  readonly text: string
  readonly data: readonly unknown[]
  readonly usage?: TokenUsage
  /** `interrupted`: `close()` was called. */
  readonly outcome: 'done' | 'stopped' | 'failed' | 'interrupted'
  /** With `failed`: the turn reached `maxTurnMs`. */
  readonly reason?: 'too-long'
  /** Whether the agent answered without knowing the earlier messages. */
  readonly contextLost: boolean
  /** Aborted when it takes too long, or when another turn took over. */
  readonly signal: AbortSignal
}

/** What goes to the browser of one message of the agent. */
export interface ClientPart {
  readonly text?: string | undefined
  readonly data?: unknown
}
