import { LeftoffError } from './error.js'

/** Time, as the library sees it. Pass another one to make tests deterministic. */
export interface Clock {
  /** Wall-clock time in ms since the epoch; may jump. */
  now(): number
  /** Ms since some start; never goes back. For deadlines. */
  monotonic(): number
  /**
   * Runs `run` once after `ms`, unless the returned function is called first. In Node a process that has nothing else to do
   * waits for it, unless `keepsAlive` is `false`: for what may continue forever, such as retries.
   */
  setTimeout(run: () => void, ms: number, options?: { readonly keepsAlive?: boolean }): () => void
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (run, ms, { keepsAlive = true } = {}) => {
    const timer = setTimeout(run, ms)
    if (!keepsAlive) unref(timer)
    return () => clearTimeout(timer)
  },
}

/** Browsers give a number, Node an object that can be unreferenced so that it does not hold up its process. */
function unref(timer: unknown): void {
  if (typeof timer !== 'object' || timer === null || !('unref' in timer)) return
  if (typeof timer.unref === 'function') timer.unref()
}

/** The time in whole ms since the epoch; a clock before 1970 counts as 1970. */
export function nowMs(clock: Clock): number {
  const now = Math.floor(clock.now())
  return Number.isFinite(now) && now > 0 ? now : 0
}

/** How late localStorage may be in another process, about. */
export const localStorageDelayMs = 3_200
/** Browsers take a longer delay for none at all. */
const longestDelayMs = 2 ** 31 - 1

/** The answer, or the error that `late` makes if it does not come within `ms`. Later results are dropped. */
export function inTime<T>(clock: Clock, answer: PromiseLike<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = delay(clock, ms, () => reject(late()))
    answer.then(
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

/** The answer of `what`, or an `unreachable` error after `ms`. */
export function withTimeout<T>(clock: Clock, answer: PromiseLike<T>, ms: number, what: string): Promise<T> {
  const message = `${what} did not answer within ${ms} ms. leftoff retries automatically.`
  return inTime(clock, answer, ms, () => new LeftoffError('unreachable', message))
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

/**
 * The same promise, whose rejection is the caller's to look at or not: the failure is reported by an event and in the state, so
 * an app that does not wait for it gets no unhandled rejection.
 */
export function ignoreRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

/** A promise with its resolver. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
}

export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** Gives way to what else the page has to do. Not by a timer: in a hidden page each would take a second. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
