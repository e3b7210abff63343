import type { Action, LockKind } from './actions.js'
import { runScene } from './run.js'
import type { StorageKind } from './store-driver.js'
import type { Invariant, Violation } from './world.js'

/** A scene that once failed, with as few actions as were needed. It is replayed without the generator. */
export interface FoundScene {
  /** What holds, in a sentence: the title of its test. */
  readonly title: string
  /** Which seed it was found with. */
  readonly seed: number
  readonly storage: StorageKind
  readonly locks?: LockKind
  readonly devices: number
  /** What did not hold. */
  readonly invariant: Invariant
  /** The fault that it showed, by the number in `test/faults`, or a name for one that has none there. */
  readonly fault: string
  readonly actions: readonly Action[]
}

/** What came of a found scene. */
export interface Replayed {
  readonly title: string
  readonly fault: string
  /** Whether it fails as it did when it was found. */
  readonly isFound: boolean
  readonly violations: readonly string[]
}

export async function replayFound(found: FoundScene): Promise<Replayed> {
  const { violations } = await runScene(found)
  const say = ({ invariant, seen }: Violation): string => `${invariant}: ${seen}`
  return {
    title: found.title,
    fault: found.fault,
    isFound: violations.some(({ invariant }) => invariant === found.invariant),
    violations: violations.map(say),
  }
}

/** Whether a driver works with a store at all: a message is recorded, kept, and found after a reload, on each storage. */
export async function isQuietSceneKept(): Promise<boolean> {
  for (const storage of ['localStorage', 'dexie', 'account'] as const) {
    const actions: Action[] = [
      { do: 'open', page: 0, wait: 1_100 },
      { do: 'record', page: 0, wait: 1_100 },
      { do: 'flush', page: 0, wait: 0 },
      { do: 'reload', page: 0, wait: 1_100 },
      { do: 'record', page: 0, wait: 1_100 },
    ]
    const { violations, effects } = await runScene({ storage, devices: 1, actions })
    if (violations.length > 0 || effects.get('invariant: kept') !== 2) return false
  }
  return true
}
