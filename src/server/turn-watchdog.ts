import type { Clock } from '../core/clock.js'
import { longestTimerMs } from './check-turn-options.js'

/** What bounds a turn in time, and notices stops from elsewhere. */
export interface TurnWatchdog {
  /** From now on the turn runs. */
  start(): void
  /** The agent gave its result; what may follow is short. */
  expectEnd(): void
  /** The turn is over. */
  end(): void
}

/** What a watchdog looks at and whom it notifies. */
export interface TurnWatchdogOptions {
  readonly clock: Clock
  readonly maxTurnMs: number
  /** Whether someone asked for the turn to be stopped. */
  readonly isToBeStopped: () => Promise<boolean>
  /** How often the reader has asked for an event; `undefined` while it waits for one, or once it may be gone. */
  readonly reads: () => number | undefined
  readonly onStop: () => void
  readonly onTooLong: () => void
  readonly onNoReader: () => void
  /** The agent does not end although it gave its result. */
  readonly onNoEnd: () => void
}

/** A watchdog with no timer until it is started. */
export function createTurnWatchdog({
  clock,
  maxTurnMs,
  isToBeStopped,
  reads,
  onStop,
  onTooLong,
  onNoReader,
  onNoEnd,
}: TurnWatchdogOptions): TurnWatchdog {
  const cancels: (() => void)[] = []
  let isOver = false
  let cancelTick = () => {}
  let isEnding = false
  let askedAt = Number.NEGATIVE_INFINITY
  let lastReads: number | undefined
  let lastReadAt = clock.monotonic()

  function tick(): void {
    cancelTick = clock.setTimeout(tick, tickMs)
    const now = clock.monotonic()
    const count = reads()
    if (count === undefined || count !== lastReads) {
      lastReads = count
      lastReadAt = now
    } else if (now - lastReadAt >= readerMs) {
      onNoReader()
      return
    }
    // One question at a time, unless the store never answers one.
    if (now - askedAt < slowAnswerMs) return
    askedAt = now
    isToBeStopped().then(
      (isToStop) => {
        askedAt = Number.NEGATIVE_INFINITY
        if (isToStop && !isOver) onStop()
      },
      () => {
        askedAt = Number.NEGATIVE_INFINITY // the lease has its own word on a store that is down
      },
    )
  }

  function after(ms: number, run: () => void): void {
    if (ms < longestTimerMs) cancels.push(clock.setTimeout(run, ms))
  }

  return {
    start() {
      if (isOver) return
      lastReadAt = clock.monotonic()
      cancelTick = clock.setTimeout(tick, tickMs)
      after(maxTurnMs, onTooLong)
    },
    expectEnd() {
      if (isEnding || isOver) return
      isEnding = true
      after(endMs, onNoEnd)
    },
    end() {
      isOver = true
      cancelTick()
      for (const cancel of cancels.splice(0)) cancel()
    },
  }
}

/** A stop from another process has to come within two seconds. */
const tickMs = 1_500
const slowAnswerMs = 6_000
const readerMs = 60_000
const endMs = 10_000
