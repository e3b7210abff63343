import { median } from '../median.mjs'

/**
 * Calls them in turn, so that what else the machine does slows all; the median of each, in ms.
 *
 * @param {Record<string, () => PromiseLike<unknown>>} calls
 * @param {number} rounds
 */
export async function alternate(calls, rounds) {
  /** @type {Record<string, number[]>} */
  const took = {}
  for (let round = -20; round < rounds; round += 1) {
    for (const [name, call] of Object.entries(calls)) {
      const start = performance.now()
      await call()
      const ms = performance.now() - start
      if (round >= 0) took[name] = [...(took[name] ?? []), ms]
    }
  }
  return Object.fromEntries(Object.entries(took).map(([name, times]) => [name, median(times)]))
}
