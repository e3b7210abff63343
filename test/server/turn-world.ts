import type { TurnEvent } from '../../src/core/turn-event.js'
import type { AgentRequest } from '../../src/server/turn-options.js'
import { type ManualClock, manualClock } from '../../src/testing/manual-clock.js'
import type { Message } from './scripted-agent.js'
import type { StoreAnswer, TurnPlan } from './turn-plan.js'
import type { ServerProcess } from './turn-process.js'

/** What a test of random turns has to have met to mean something. */
export const situations = [
  'busy',
  'repeat of a turn that has run',
  'repeat of a turn that never ran',
  'lease lost by its deadline',
  'lease lost by a refusal',
  'lease taken after it ran out',
  'stale',
  'stale point',
  'expired',
  'unknown',
  'error result with an id',
  'error result after a success',
  'error result, then cut short',
  'cut short after output',
  'answered from another session',
  'process killed in mid-turn',
  'process slept past its lease',
  'key deleted in mid-turn',
  'store answered late',
  'store lost its answer',
  'stopped slowly',
  'read on without a reader',
] as const

export type Situation = (typeof situations)[number]

/** One run of the agent. */
export interface Run {
  readonly number: number
  readonly turn: Turn
  readonly request: AgentRequest
  /** The turns that its session knew of when it began. */
  knew: ReadonlySet<number>
  sessionId?: string
  /** The agent did not know the session, or answered from another one. */
  isRefused: boolean
  hasAnswered: boolean
  hasSucceeded: boolean
  /** The last result it gave. */
  result?: 'success' | 'failure'
  /** It ended with an error, or without a result, though nobody stopped it. */
  hasCrashed: boolean
  /** Its reader has taken its last message. */
  isReadToTheEnd: boolean
  stoppedAt?: number
  isOver: boolean
}

/** One turn, in a server process of its own. */
export interface Turn {
  readonly number: number
  readonly turnId: string
  /** The world's epoch when it began: once that is over the store may have forgotten it. */
  readonly epoch: number
  readonly plan: TurnPlan
  readonly process: ServerProcess
  readonly seen: TurnEvent<Message>[]
  readonly store: StoreAnswer[]
  /** What the store said as the turn began. */
  begun?: { readonly stored: string | undefined; readonly isExpired: boolean }
  /** When the store lets another turn in. */
  leaseUntil: number
  /** Until when the turn can be sure of that. */
  confirmedUntil: number
  /** It was told that the lease is another's. */
  isRefused: boolean
  /** The key was deleted from outside: it may go on until its next heartbeat. */
  isCutOff: boolean
  /** The user was told that the agent does not know of it any more. */
  isForgotten: boolean
  hasLeft: boolean
  /** It has tried to give the key back. */
  hasEnded: boolean
  /** Something happened to it or to one of its calls, so that it may end otherwise than its agent would have it. */
  isDisturbed: boolean
  /** The reader has left, or was told the end. */
  isRead: boolean
}

/** All there is around one conversation. */
export interface World {
  readonly clock: ManualClock
  readonly turns: Turn[]
  readonly runs: Run[]
  /** The agent's memory: the turns that each of its sessions was told. */
  readonly transcripts: Map<string, ReadonlySet<number>>
  /** Ids that the agent gave in a message other than an error. */
  readonly given: Set<string>
  /** Ids of which the agent said at least once that it does not know them, or which it answered from another session. */
  readonly refused: Set<string>
  /** The turns of which the user believes that the agent knows them. */
  readonly believed: Set<number>
  /** Texts that the agent said when its turn no longer had the key. */
  readonly saidLate: Set<string>
  hasHistory: boolean
  /** How often the store may have forgotten all turns: with a deleted key, or one that was quiet for long. */
  epoch: number
  /** What was not as it has to be. */
  readonly wrong: string[]
  readonly met: Map<Situation, number>
}

export function createWorld(): World {
  return {
    clock: manualClock(),
    turns: [],
    runs: [],
    transcripts: new Map(),
    given: new Set(),
    refused: new Set(),
    believed: new Set(),
    saidLate: new Set(),
    hasHistory: false,
    epoch: 0,
    wrong: [],
    met: new Map(),
  }
}

export function meet({ met }: World, situation: Situation): void {
  met.set(situation, (met.get(situation) ?? 0) + 1)
}

/** Whether the agent works and nobody has told it to stop. */
export function isLive({ turn, request, isOver }: Run): boolean {
  return !isOver && !request.signal.aborted && turn.process.state === 'running'
}

/** How long a turn waits for an agent that was told to stop. */
export const stopMs = 5_000

/** To be asked once the lease is over. The deadline counts from before the request, so it comes no later. */
export function checkLease({ clock, runs, wrong }: World, turn: Turn): void {
  if (clock.now() <= turn.leaseUntil) return
  if (runs.some((run) => run.turn === turn && isLive(run))) wrong.push(`turn ${turn.number} runs without its lease`)
}
