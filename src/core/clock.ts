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
