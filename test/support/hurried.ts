import { type Clock, systemClock } from '../../src/core/clock.js'

/**
 * The machine's clock, but so many times as fast where a batch or a poll waits, since a test's database does not; what
 * is bounded by seconds keeps them. `skip` puts it forward.
 */
export function hurried(times: number): Clock & { skip(ms: number): void } {
  let skipped = 0
  return {
    skip(ms) {
      skipped += ms
    },
    now: systemClock.now,
    monotonic: () => systemClock.monotonic() * times + skipped,
    setTimeout: (run, ms, options) => systemClock.setTimeout(run, ms > 1_000 ? ms : ms / times, options),
  }
}
