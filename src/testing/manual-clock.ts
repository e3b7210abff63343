import type { Clock } from '../core/clock.js'

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /**
   * Moves time on by `ms`. Timers run in the order they are due, and what they set off settles before the next one
   * runs.
   */
  advance(ms: number): Promise<void>
}

/**
 * A clock for deterministic tests: pass it as the `clock` option.
 *
 * @example
 * ```ts
 * import { memoryAgentSessions } from 'leftoff/server'
 * import { manualClock } from 'leftoff/testing'
 *
 * const clock = manualClock()
 * const sessions = memoryAgentSessions({ clock })
 * await sessions.set(key, agentSessionId)
 * await clock.advance(24 * 60 * 60 * 1000)
 * await sessions.get(key) // undefined
 * ```
 */
export function manualClock({ now: start = 0 }: { now?: number } = {}): ManualClock {
  let elapsed = 0
  const timers = new Set<Timer>()

  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    setTimeout(run, ms) {
      const timer = { run, dueAt: elapsed + Math.max(0, ms) }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const end = elapsed + ms
      await settled()
      for (let timer = firstDue(timers, end); timer; timer = firstDue(timers, end)) {
        timers.delete(timer)
        elapsed = Math.max(elapsed, timer.dueAt)
        timer.run()
        await settled()
      }
      elapsed = end
    },
  }
}

interface Timer {
  readonly run: () => void
  readonly dueAt: number
}

/** Of those due at one time, the one that was set first. */
function firstDue(timers: Iterable<Timer>, end: number): Timer | undefined {
  let first: Timer | undefined
  for (const timer of timers) {
    if (timer.dueAt <= end && (!first || timer.dueAt < first.dueAt)) first = timer
  }
  return first
}

/**
 * A task of the real event loop: every promise that can settle without one has done so by then. Not a timer, which
 * takes at least a millisecond per step where another kind of task takes microseconds.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    // Node, Bun and Deno have the first, browsers and workers the second.
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else if (typeof MessageChannel === 'function') {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => {
        port1.close()
        resolve()
      }
      port2.postMessage(undefined)
    } else setTimeout(resolve, 0)
  })
}

/** Missing in browsers, and in the types of the web. */
declare const setImmediate: ((run: () => void) => unknown) | undefined
