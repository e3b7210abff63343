import { adapterHarness, type SessionAdapterConformance } from './session-adapter-harness.js'
import { describeEveryCall, describeReading } from './session-adapter-reading.js'
import { describeRemoving } from './session-adapter-removing.js'
import { describeSaving } from './session-adapter-saving.js'
import { describeSignals } from './session-adapter-signals.js'

/**
 * The tests that every `SessionAdapter` passes, one per sentence of its contract. Call it in a `describe` of vitest.
 *
 * @example
 * ```ts
 * import { memoryAdapter } from 'leftoff'
 * import { sessionAdapterConformance } from 'leftoff/testing'
 *
 * let adapter = memoryAdapter()
 * sessionAdapterConformance({
 *   open: () => adapter,
 *   destroy: () => {
 *     adapter = memoryAdapter()
 *   },
 * })
 * ```
 */
export function sessionAdapterConformance(options: SessionAdapterConformance): void {
  const harness = adapterHarness(options)
  describeEveryCall(harness)
  describeReading(harness)
  describeSaving(harness)
  describeRemoving(harness)
  describeSignals(harness)
}
