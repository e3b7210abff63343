import type { Clock } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'

/** How long one call of an adapter may take. One that never answers must not stop the others. */
export const callTimeoutMs = 10_000

/** `promise`, or an `unreachable` error after `ms`. What comes later is dropped. */
export function bounded<T>(promise: Promise<T>, ms: number, clock: Clock, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimeout(() => {
      reject(new LeftoffError('unreachable', `${what} did not answer within ${ms} ms. It is tried again by itself.`))
    }, ms)
    promise.then(resolve, reject).finally(cancel)
  })
}
