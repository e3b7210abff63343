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
  /** Of `freeze`: `frozen` or `cached`; of `storage`: a verb and how it fails, such as `save lose`. */
  readonly how?: string
  readonly ms?: number
}

export const deeds = [
  'open',
  'copy',
  'link',
  'new',
  'record',
  'record-elsewhere',
  'rename',
  'remove',
  'switch',
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
  'dispose',
  'make',
  'storage',
  'heal',
  'slow-locks',
  'jump-clock',
] as const

export type Deed = (typeof deeds)[number]

/** What a run begins with. */
export interface Scene {
  readonly storage: StorageKind
  readonly devices: number
  readonly actions: readonly Action[]
}

export const pageCount = 5
export const userCount = 2
export const workspaceCount = 3
