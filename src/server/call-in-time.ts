import type { Clock } from '../core/clock.js'
import { inTime } from '../core/clock.js'

/** Calls a function of the app's, which may take so long. Its signal is aborted when it takes longer, or with `also`. */
export async function callInTime<T>(
  clock: Clock,
  ms: number,
  what: string,
  call: (signal: AbortSignal) => T | Promise<T>,
  also?: AbortSignal,
): Promise<T> {
  const abort = new AbortController()
  const signal = also ? AbortSignal.any([abort.signal, also]) : abort.signal
  const answer = (async () => call(signal))()
  return inTime(clock, answer, ms, () => {
    const error = new Error(`${what} took longer than ${ms} ms.`)
    abort.abort(error)
    return error
  })
}
