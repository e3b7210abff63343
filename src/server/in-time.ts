import type { Clock } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'

/** Waits until something is done, but no longer than `ms`. */
export async function inTime(clock: Clock, done: Promise<unknown>, ms: number): Promise<void> {
  let cancel = () => {}
  const late = new Promise<void>((resolve) => {
    cancel = clock.setTimeout(resolve, ms)
  })
  await Promise.race([done, late])
  cancel()
}

/** The answer, or `unreachable` with this message if it does not come within `ms`. */
export function answerInTime<T>(clock: Clock, answer: Promise<T>, ms: number, message: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimeout(() => reject(new LeftoffError('unreachable', message)), ms)
    answer.then(resolve, reject).finally(cancel)
  })
}
