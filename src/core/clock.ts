/** Time, as the library sees it. Pass another one to make tests deterministic. */
export interface Clock {
  /** Wall-clock time in ms since the epoch; may jump. */
  now(): number
  /** Ms since some start; never goes back. For deadlines. */
  monotonic(): number
  /** Runs `run` once after `ms`, unless the returned function is called first. */
  setTimeout(run: () => void, ms: number): () => void
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (run, ms) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
