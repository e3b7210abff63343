import type { Clock } from '../../src/core/clock.js'

/** A server process: it may be killed, and it may sleep, as on a laptop that is shut. */
export interface ServerProcess {
  /** Its timers fire late when it slept, in the order they were due, and never once it is dead. */
  readonly clock: Clock
  readonly state: 'running' | 'asleep' | 'dead'
  /** Hands it something from outside: at once, when it wakes, or never. */
  reach(run: () => void): void
  kill(): void
  /** Stops everything in it for so long. `onAwake` is called when it has caught up. */
  sleep(ms: number, onAwake: () => void): void
}

export function startProcess(clock: Clock): ServerProcess {
  let state: ServerProcess['state'] = 'running'
  /** What would have happened meanwhile, in that order. */
  let missed: (() => void)[] = []

  function reach(run: () => void): void {
    if (state === 'running') run()
    else if (state === 'asleep') missed.push(run)
  }

  /** One thing at a time: what each sets off settles before the next, as between the timers of Node. */
  function catchUp(onAwake: () => void): void {
    if (state === 'dead') return
    const [next, ...rest] = missed
    missed = rest
    if (next) {
      next()
      clock.setTimeout(() => catchUp(onAwake), 0)
    } else {
      state = 'running'
      onAwake()
    }
  }

  return {
    clock: {
      ...clock,
      setTimeout(run, ms) {
        let isCancelled = false
        const cancel = clock.setTimeout(() => reach(() => isCancelled || run()), ms)
        return () => {
          isCancelled = true
          cancel()
        }
      },
    },
    get state() {
      return state
    },
    reach,
    kill() {
      state = 'dead'
    },
    sleep(ms, onAwake) {
      if (state !== 'running') return
      state = 'asleep'
      clock.setTimeout(() => catchUp(onAwake), ms)
    },
  }
}
