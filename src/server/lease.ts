import type { Clock } from '../core/clock.js'
import { inTime, pause } from '../core/clock.js'
import { isLeftoffError, LeftoffError } from '../core/error.js'
import type { TabKey } from '../core/tab-key.js'
import type { AgentSessionStore, TurnEnd } from './agent-session-store.js'

/** One turn's hold on its tab key. Everything the turn says to the store after beginning goes through it. */
export interface Lease {
  /**
   * Confirms the lease if a third of it has passed, then renews it every third. `onLost` is called once, before
   * anything else happens.
   */
  start(onLost: (error: LeftoffError) => void): Promise<void>
  /** Whether it is certain that no other turn runs. Finding out that it is not loses the lease. */
  isHeld(): boolean
  /** Forgets the stale id. */
  clearStale(expected: string): Promise<void>
  /** Gives the key back, with the id to store if there is one. Tried again for as long as the lease lasts. */
  end(end: TurnEnd): Promise<void>
}

/** What a lease is made of. */
export interface LeaseOptions {
  readonly sessions: AgentSessionStore
  readonly key: TabKey
  readonly leaseId: string
  readonly turnId: string
  readonly leaseMs: number
  /** The time before the request was sent: the store's own clock started no earlier. */
  readonly begunAt: Moment
  readonly clock: Clock
}

/** A time by both clocks. The monotonic one stands still while a machine sleeps, the other one may be set. */
export interface Moment {
  readonly monotonic: number
  readonly wall: number
}

/** Now. */
export function momentOf(clock: Clock): Moment {
  return { monotonic: clock.monotonic(), wall: clock.now() }
}

/** The lease of a turn that has begun. It has no timer until it is started, so one that never is just runs out. */
export function createLease({ sessions, key, leaseId, turnId, leaseMs, begunAt, clock }: LeaseOptions): Lease {
  const third = leaseMs / 3
  /** When the last request was sent that the store has confirmed. */
  let confirmedAt = begunAt
  let isRenewing = false
  let isOver = false
  let tellLost: (error: LeftoffError) => void = () => {}
  let cancelBeat = () => {}
  let cancelDeadline = () => {}
  let lastFailure: unknown

  async function renew(): Promise<void> {
    const sentAt = momentOf(clock)
    if (!(await sessions.renewTurn(key, leaseId, leaseMs))) throw refused()
    if (sentAt.monotonic >= confirmedAt.monotonic) confirmedAt = sentAt // answers may overtake each other
  }

  function beat(): void {
    scheduleBeat(third)
    renew().then(scheduleDeadline, (error: unknown) => {
      // A store that is down may be back before the deadline. One that refuses has given the key to another turn.
      if (isLeftoffError(error, 'lease-lost')) lose(error)
      else lastFailure = error
    })
  }

  function scheduleBeat(ms: number): void {
    cancelBeat = clock.setTimeout(beat, ms)
  }

  function scheduleDeadline(): void {
    if (!isRenewing) return
    cancelDeadline()
    cancelDeadline = clock.setTimeout(
      () => lose(unconfirmed(lastFailure)),
      confirmedAt.monotonic + leaseMs - clock.monotonic(),
    )
  }

  function stopRenewing(): void {
    isRenewing = false
    cancelBeat()
    cancelDeadline()
  }

  function lose(error: LeftoffError): void {
    if (!isRenewing) return
    stopRenewing()
    tellLost(error)
  }

  /** A store that never answers must not keep a reader waiting forever. */
  function answered<T>(answer: Promise<T>, late: () => Error = () => unconfirmed(undefined)): Promise<T> {
    return inTime(clock, answer, leaseMs, late)
  }

  async function hasEnded({ outcome }: TurnEnd): Promise<boolean> {
    const turn = await answered(sessions.getTurn(key, turnId))
    return outcome === 'not-started' ? turn === undefined : turn?.state === outcome
  }

  return {
    async start(onLost) {
      // Nothing runs yet, so a confirmation is welcome even after the lease ran out: the store knows whether another
      // turn came between.
      if (clock.monotonic() - confirmedAt.monotonic >= third) await answered(renew())
      if (isOver) throw refused() // the reader left in the meantime
      tellLost = onLost
      isRenewing = true
      scheduleBeat(Math.max(0, confirmedAt.monotonic + third - clock.monotonic()))
      scheduleDeadline()
    },

    isHeld() {
      if (!isRenewing) return false
      const { monotonic, wall } = confirmedAt
      // By both clocks: while a machine is suspended the monotonic one stands still, but not the store's.
      if (clock.monotonic() < monotonic + leaseMs && clock.now() < wall + leaseMs) return true
      lose(unconfirmed(lastFailure)) // the timer is late: the machine slept, or something blocked the event loop
      return false
    },

    async clearStale(expected) {
      // Renewals continue: without a bound a store that never answers would keep the key forever.
      const answer = sessions.clearStale(key, leaseId, expected)
      const late = () => new Error(`The store did not answer clearStale within ${leaseMs} ms.`)
      if (!(await answered(answer, late))) throw refused()
    },

    async end(end) {
      isOver = true
      stopRenewing()
      let isUncertain = false
      for (let waitMs = firstRetryMs; ; waitMs = Math.min(2 * waitMs, longestRetryMs)) {
        try {
          if (await answered(sessions.endTurn(key, leaseId, end))) return
          // The answer to an earlier try may have been lost on its way.
          if (isUncertain && (await hasEnded(end))) return
          throw refused()
        } catch (error) {
          if (isLeftoffError(error, 'lease-lost')) throw error
          if (clock.monotonic() + waitMs >= confirmedAt.monotonic + leaseMs) throw error
          isUncertain = true
          await pause(clock, waitMs)
        }
      }
    },
  }
}

const firstRetryMs = 250
const longestRetryMs = 2_000

function refused(): LeftoffError {
  return new LeftoffError(
    'lease-lost',
    'Another turn took over this conversation, or it was deleted. Load it again before sending.',
  )
}

function unconfirmed(cause: unknown): LeftoffError {
  return new LeftoffError(
    'lease-lost',
    'The lease of this turn could not be confirmed in time, so another turn may be running. Check the session store.',
    { cause },
  )
}
