import type { Clock } from './clock.js'

/** The answer, or the error that `late` makes if it does not come within `ms`. */
export function inTime<T>(clock: Clock, answer: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimeout(() => reject(late()), ms)
    answer.then(resolve, reject).finally(cancel)
  })
}

/** Waits until something is done, but no longer than `ms`. Whether it was done in that time. */
export async function atMost(clock: Clock, ms: number, done: Promise<unknown>): Promise<boolean> {
  const late = new Error('late')
  try {
    await inTime(clock, done, ms, () => late)
    return true
  } catch (error) {
    if (error === late) return false
    throw error
  }
}

/** Resolves after `ms`. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.setTimeout(resolve, ms))
}
