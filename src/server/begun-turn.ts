import type { Clock } from '../core/clock.js'
import type { TokenUsage } from '../core/session.js'
import type { TurnEvent } from '../core/turn-event.js'
import type { TurnOutcome } from './agent-session-store.js'
import type { Lease } from './lease.js'
import type { TurnOptions } from './turn-options.js'

/** A turn whose lease was taken. */
export interface BegunTurn<M> {
  readonly options: TurnOptions<M>
  readonly stored: string | undefined
  readonly isExpired: boolean
  readonly lease: Lease
  /** How long an agent that was asked to stop may take before the key is given back without it. */
  readonly stopMs: number
  readonly maxTurnMs: number
  readonly isToBeStopped: () => Promise<boolean>
  readonly clock: Clock
  readonly hooks?: TurnHooks<M> | undefined
}

/** What is done around a turn by who runs it for others to read. */
export interface TurnHooks<M> {
  /** Called with each event when it happens, before any reader gets it. */
  readonly onEvent: (event: TurnEvent<M>) => void
  /** Called before each call of the agent. If it rejects before the first, the turn has not started. */
  readonly beforeAgent: () => Promise<void>
  /** Called when the agent has ended and the key is still held. It never rejects, and is bounded. */
  readonly beforeEnd: (end: AgentEnd) => Promise<void>
}

/** How the agent ended. */
export interface AgentEnd {
  readonly outcome: Exclude<TurnOutcome, 'not-started'>
  readonly error?: unknown
  readonly usage?: TokenUsage | undefined
  /** Whether it is certain that no other turn runs. */
  readonly isHeld: () => boolean
  /** Aborted once it is not. */
  readonly lostSignal: AbortSignal
}

/** A turn as it runs. */
export interface RunningTurn<M> {
  readonly events: AsyncIterable<TurnEvent<M>>
  /** Stops the agent, and resolves once the key is free. */
  stop(): Promise<void>
  /** The same when the process has to end: the turn has failed. */
  interrupt(): Promise<void>
}
