import { describeEndingLog } from './turn-log-ending.js'
import { type TurnLogConformance, turnLogHarness } from './turn-log-harness.js'
import { describeReadingLog } from './turn-log-reading.js'
import { describeWritingLog } from './turn-log-writing.js'

/**
 * The tests that every `TurnLog` passes, one per sentence of its contract. Call it in a `describe` of vitest.
 *
 * @example
 * ```ts
 * import { memoryTurnLog } from 'leftoff/server'
 * import { manualClock, turnLogConformance } from 'leftoff/testing'
 *
 * turnLogConformance({
 *   open: ({ maxTurnBytes }) => {
 *     const clock = manualClock()
 *     return { log: memoryTurnLog({ maxTurnBytes, clock }), wait: clock.advance }
 *   },
 * })
 * ```
 */
export function turnLogConformance(options: TurnLogConformance): void {
  const opened = turnLogHarness(options)
  describeWritingLog(opened)
  describeEndingLog(opened)
  describeReadingLog(opened)
}
