/** The requests that the server has begun and not ended: it waits for that before it closes the database. */
export interface UnderWay {
  /** Counts `work` until it settles. */
  track<T>(work: Promise<T>): Promise<T>
  /** Resolves once nothing is under way, also if that takes further work; after `ms` in any case. */
  ended(ms: number): Promise<void>
}

export function createUnderWay(): UnderWay {
  const all = new Set<unknown>()
  let tell = () => {}

  function end(work: unknown): void {
    if (all.delete(work) && all.size === 0) tell()
  }

  return {
    track(work) {
      all.add(work)
      return work.finally(() => end(work))
    },
    ended(ms) {
      return new Promise((resolve) => {
        if (all.size === 0) return resolve()
        const timer = setTimeout(resolve, ms)
        tell = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    },
  }
}
