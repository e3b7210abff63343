import type { StorageKind } from './store-driver.js'

/**
 * One thing that happens. `page` is one of five places for a page; where it cannot happen, nothing does. `conversation` picks one of
 * those known by then. `wait`: how many ms pass afterwards; without it the next action follows in the same task.
 */
export interface Action {
  readonly do: Deed
  readonly page: number
  readonly wait?: number
  readonly user?: number
  readonly device?: number
  readonly workspace?: number
  readonly conversation?: number
  /**
   * Of `freeze`: how the page sleeps; of `storage`: a verb and how it fails, such as `save lose`; of `locks`: how they behave;
   * of `record`: `with id`; of `open`: `prerendered`; of `link`: `created`, also if nobody knows it.
   */
  readonly how?: string
  /** Of `remove`: how long it can be taken back. */
  readonly ms?: number
}

export const deeds = [
  'open',
  'copy',
  'link',
  'new',
  'record',
  'record-elsewhere',
  'record-again',
  'type',
  'rename',
  'remove',
  'restore',
  'switch',
  'take-over',
  'clear',
  'sign-out',
  'set-user',
  'flush',
  'hide',
  'show',
  'freeze',
  'thaw',
  'crash',
  'close',
  'reload',
  'discard',
  'dispose',
  'make',
  'make-again',
  'panel',
  'wipe',
  'storage',
  'heal',
  'slow-locks',
  'locks',
  'jump-clock',
  'claim',
] as const

export type Deed = (typeof deeds)[number]

/** How locks behave in every page of a run; `slow`: they answer later than the store waits for. */
export const lockKinds = ['missing', 'rejecting', 'slow'] as const
export type LockKind = (typeof lockKinds)[number]

/** What a run begins with. */
export interface Scene {
  readonly storage: StorageKind
  /** Without it locks work, until an action says otherwise. */
  readonly locks?: LockKind | undefined
  readonly devices: number
  readonly actions: readonly Action[]
}

export const pageCount = 5
/** Who signs in. After them comes the guest. */
export const userCount = 2
export const guestUser = 2
export const workspaceCount = 3
