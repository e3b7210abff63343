import type { Clock } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'

/** How long one call of an adapter may take. One that never answers must not stop the others. */
export const callTimeoutMs = 10_000
/** How late localStorage may be in another process, about. */
export const localStorageDelayMs = 3_200
/** Browsers take a longer delay for none at all. */
const longestDelayMs = 2 ** 31 - 1

/** `promise`, or an `unreachable` error after `ms`. Later results are dropped. */
export function withTimeout<T>(promise: PromiseLike<T>, ms: number, clock: Clock, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = delay(clock, ms, () => {
      reject(new LeftoffError('unreachable', `${what} did not answer within ${ms} ms. leftoff retries automatically.`))
    })
    promise.then(
      (value) => {
        cancel()
        resolve(value)
      },
      (error) => {
        cancel()
        reject(error)
      },
    )
  })
}

/** Resolves after `ms`. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void delay(clock, ms, resolve))
}

/** How long to wait after the `failures`-th failure in a row: 1 s, 2 s, 4 s … 30 s at most. */
export function backoffMs(failures: number): number {
  return Math.min(1_000 * 2 ** (failures - 1), 30_000)
}

/** A delay that no option can turn into none: `Infinity` never ends. */
function delay(clock: Clock, ms: number, run: () => void): () => void {
  if (ms === Number.POSITIVE_INFINITY) return () => {}
  return clock.setTimeout(run, Math.min(Math.max(0, ms), longestDelayMs))
}
