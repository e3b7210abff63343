/** The time of one run. It stands still until it is told to go on, and waits for no real timer. */
export interface SoakTime {
  /** Ms since the run began. */
  elapsed(): number
  /** Runs `run` after `ms`, whatever happens to the pages, until the returned function is called. */
  after(ms: number, run: () => void): () => void
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>
  /** Lets `ms` pass. Timers run in the order they are due, and what they set off settles before the next one runs. */
  advance(ms: number): Promise<void>
  end(): void
}

interface Timer {
  readonly dueAt: number
  readonly run: () => void
}

const nextTask = setImmediate

export function createSoakTime(): SoakTime {
  const timers = new Set<Timer>()
  const tasks = countTasks()
  let elapsed = 0

  async function settle(): Promise<void> {
    do await new Promise<void>((resolve) => nextTask(resolve))
    while (tasks.waiting() > 0)
  }

  /** Of those due at one time, the one that was set first. */
  function firstDue(end: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of timers) if (timer.dueAt <= end && (!first || timer.dueAt < first.dueAt)) first = timer
    return first
  }

  return {
    elapsed: () => elapsed,
    after(ms, run) {
      const timer = { dueAt: elapsed + Math.max(0, ms), run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    settle,
    async advance(ms) {
      const end = elapsed + ms
      await settle()
      for (let timer = firstDue(end); timer; timer = firstDue(end)) {
        timers.delete(timer)
        elapsed = timer.dueAt
        timer.run()
        await settle()
      }
      elapsed = end
    },
    end: tasks.stop,
  }
}

/** fake-indexeddb and Dexie work in tasks of their own: settled is when none of them waits any more. */
function countTasks(): { waiting(): number; stop(): void } {
  let waiting = 0
  function counted(run: (...given: unknown[]) => void, ...given: unknown[]): NodeJS.Immediate {
    waiting++
    return nextTask(() => {
      waiting--
      run(...given)
    })
  }
  const before = globalThis.setImmediate
  Reflect.set(globalThis, 'setImmediate', counted)
  return { waiting: () => waiting, stop: () => void Reflect.set(globalThis, 'setImmediate', before) }
}
