import type { Page } from './page.js'
import type { SoakTime } from './soak-time.js'

/** What a call to storage is for. */
export type Verb = 'read' | 'save' | 'remove'

/**
 * How storage fails: `reject`; `hang`, without doing anything; `lose` its answer, that is do it and then reject; `late`, that
 * is never answer and do it half a minute afterwards; `stale`, that is answer as it did before; `slow`, to do it and to answer.
 */
export type StorageFault = 'reject' | 'hang' | 'lose' | 'late' | 'stale' | 'slow'

const offline = 'the network is down'
const slowMs = 400
const lateMs = 30_000

/** How the storage of one page behaves. */
export interface StorageFaults {
  set(verb: Verb, fault: StorageFault | undefined): void
  heal(): void
  /** The fault that calls of this kind meet now. */
  of(verb: Verb): StorageFault | undefined
  /** How often each fault was met: `save lose`. */
  readonly met: ReadonlyMap<string, number>
  /** Calls under way. */
  inFlight(verb: Verb): number
  /** What is forgotten is not read again by mistake. */
  forgetEarlier(): void
  /** The same object, whose methods named in `verbs` fail as told and answer through the page. */
  wrap<T extends object>(storage: T, verbs: Readonly<Record<string, Verb>>): T
}

export function createStorageFaults(page: Page, time: SoakTime): StorageFaults {
  const faults = new Map<Verb, StorageFault>()
  const met = new Map<string, number>()
  const earlier = new Map<string, unknown>()
  const inFlight = new Map<Verb, number>()

  const delay = (ms: number): Promise<void> => new Promise((resolve) => void time.after(ms, resolve))
  const never = (): Promise<never> => new Promise(() => {})

  async function meet(fault: StorageFault, key: string, run: () => Promise<unknown>): Promise<unknown> {
    switch (fault) {
      case 'reject':
        throw new Error(offline)
      case 'hang':
        return never()
      case 'lose':
        await run()
        throw new Error(offline)
      case 'late':
        time.after(lateMs, () => void run().catch(() => {}))
        return never()
      case 'stale':
        return earlier.has(key) ? earlier.get(key) : run()
      case 'slow': {
        await delay(slowMs)
        if (page.state === 'gone') return never() // its requests went with it
        const answer = await run()
        await delay(slowMs)
        return answer
      }
    }
  }

  async function call(verb: Verb, name: string, given: unknown[], run: () => Promise<unknown>): Promise<unknown> {
    const fault = faults.get(verb)
    const key = verb === 'read' ? JSON.stringify([name, given]) : ''
    inFlight.set(verb, (inFlight.get(verb) ?? 0) + 1)
    if (fault) met.set(`${verb} ${fault}`, (met.get(`${verb} ${fault}`) ?? 0) + 1)
    try {
      // Without a fault it runs in this very task: a page that goes away has no other.
      const answered = await page.answer(fault ? meet(fault, key, run) : run())
      // Not the epoch: the store reads the same key of localStorage itself, so that one is not older than the other.
      if (verb === 'read' && fault !== 'stale' && name !== 'epochOf') earlier.set(key, answered)
      return answered
    } finally {
      inFlight.set(verb, (inFlight.get(verb) ?? 1) - 1)
    }
  }

  return {
    met,
    set(verb, fault) {
      if (fault) faults.set(verb, fault)
      else faults.delete(verb)
    },
    heal: () => faults.clear(),
    forgetEarlier: () => earlier.clear(),
    of: (verb) => faults.get(verb),
    inFlight: (verb) => inFlight.get(verb) ?? 0,
    wrap: (storage, verbs) =>
      new Proxy(storage, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target)
          if (typeof value !== 'function') return value
          const verb = typeof name === 'string' ? verbs[name] : undefined
          const run = (...given: unknown[]): unknown => Reflect.apply(value, target, given)
          if (verb === undefined) return run
          return (...given: unknown[]) => call(verb, String(name), given, async () => run(...given))
        },
      }),
  }
}
