import type { Clock } from '../core/clock.js'
import type { TurnEvent } from '../core/turn-event.js'
import type { Lease } from './lease.js'
import type { TurnOptions } from './turn-options.js'

/** A turn whose lease was taken. */
export interface BegunTurn<M> {
  readonly options: TurnOptions<M>
  readonly stored: string | undefined
  readonly isExpired: boolean
  readonly lease: Lease
  /** How long an agent that was told to stop may take before the key is given back without it. */
  readonly stopMs: number
  readonly maxTurnMs: number
  readonly isToBeStopped: () => Promise<boolean>
  readonly clock: Clock
}

/** A turn as it runs. */
export interface RunningTurn<M> {
  readonly events: AsyncIterable<TurnEvent<M>>
  /** Stops the agent, and resolves once the key is free. */
  stop(): Promise<void>
}
