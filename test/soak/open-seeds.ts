import type { StorageKind } from './store-driver.js'
import type { Violation } from './world.js'

/** Runs that fail and whose cause, in the store or in the model, is not known yet. Each fails until it is taken off. */
export const openSeeds: readonly {
  readonly storage: StorageKind
  readonly seed: number
  readonly invariant: Violation['invariant']
}[] = []
