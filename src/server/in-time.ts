import type { Clock } from '../core/clock.js'

/** Waits until something is done, but no longer than `ms`. */
export async function inTime(clock: Clock, done: Promise<unknown>, ms: number): Promise<void> {
  let cancel = () => {}
  const late = new Promise<void>((resolve) => {
    cancel = clock.setTimeout(resolve, ms)
  })
  await Promise.race([done, late])
  cancel()
}
