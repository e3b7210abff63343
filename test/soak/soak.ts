import type { LockKind, Scene } from './actions.js'
import { describeFailure } from './describe-failure.js'
import { type Run, runScene, sceneOf } from './run.js'
import { shrink } from './shrink.js'
import type { StorageKind } from './store-driver.js'
import type { Violation } from './world.js'

/** A run in which something did not hold. */
export interface Failure {
  readonly seed: number
  readonly storage: StorageKind
  readonly invariant: Violation['invariant']
  readonly seen: string
  /** What had happened by then. */
  readonly facts: readonly string[]
  /** The scene, with as few actions as still fail. */
  readonly scene: Scene
  /** All of it, as a person needs it. */
  readonly text: string
}

/** What many runs came to. */
export interface Summary {
  readonly runs: number
  readonly effects: Readonly<Record<string, number>>
  readonly failures: readonly Failure[]
}

/** Runs the scenes of `count` seeds, and ends early once `mostFailures` of them failed. */
export async function soak({
  storage,
  locks,
  from,
  count,
  mostFailures = 1,
  skip = [],
}: {
  readonly storage: StorageKind
  /** How locks behave in all of these runs. */
  readonly locks?: LockKind | undefined
  readonly from: number
  readonly count: number
  readonly mostFailures?: number
  /** Seeds that are known to fail. */
  readonly skip?: readonly number[]
}): Promise<Summary> {
  const effects: Record<string, number> = {}
  const failures: Failure[] = []
  let runs = 0
  for (let seed = from; seed < from + count && failures.length < mostFailures; seed++) {
    runs++
    if (skip.includes(seed)) continue
    const scene = sceneOf(seed, storage, locks)
    const run = await runScene(scene)
    for (const [what, times] of run.effects) effects[what] = (effects[what] ?? 0) + times
    const [violation] = run.violations
    if (violation) failures.push(await shrunk(seed, scene, violation.invariant))
  }
  return { runs, effects, failures }
}

/** What did not hold, of that kind. */
function seenIn({ violations }: Run, invariant: Violation['invariant']): Violation | undefined {
  return violations.find((one) => one.invariant === invariant)
}

async function shrunk(seed: number, scene: Scene, invariant: Violation['invariant']): Promise<Failure> {
  const fewest = await shrink(scene, async (candidate) => seenIn(await runScene(candidate), invariant) !== undefined)
  const violation = seenIn(await runScene(fewest), invariant)
  const facts = [...(violation?.facts ?? [])]
  const failure = { seed, storage: scene.storage, invariant, seen: violation?.seen ?? '', facts, scene: fewest }
  return { ...failure, text: describeFailure(failure) }
}
