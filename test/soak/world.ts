import type { LockKind, Scene } from './actions.js'
import { guest } from './guest.js'
import { createModel, type Model, type Stay } from './model.js'
import { type Beginning, createDevice, createPage, type Device, type Page, type SoakClock } from './page.js'
import { createSoakTime, type SoakTime } from './soak-time.js'
import { createStorageFaults, type StorageFaults } from './storage-faults.js'
import { createStorage, isAppError, type SoakStorage, type SoakStore } from './store-driver.js'

/** What a run is held against. */
export type Invariant =
  | 'counted once'
  | 'kept'
  | 'flushed is stored'
  | 'in its conversation'
  | 'row adds up'
  | 'title kept'
  | 'removed stays away'
  | 'removed is not shown'
  | 'users apart'
  | 'signed out is gone'
  | 'held by one tab'
  | 'watchers end'
  | 'a claim leaves what is open'
  | 'drafts in place'
  | 'no unhandled rejection'
  | 'promises settle'
  | 'no timer left'
  | 'never throws'

export interface Violation {
  readonly invariant: Invariant
  /** What was seen, in a sentence. */
  readonly seen: string
  /** What happened before, for telling known faults from others. */
  readonly facts: ReadonlySet<string>
}

/** A page in its place, with the store it has now. */
export interface Place {
  readonly page: Page
  readonly faults: StorageFaults
  store: SoakStore | undefined
  clock: SoakClock | undefined
  /** Names its store in the page; another place may show the same page. */
  readonly panel: string
  /** Whom the app believes to be signed in. */
  user: string | undefined
  /** Whom `setUser(null)` left. */
  leftUser: string | undefined
  stay: Stay | undefined
  workspace: string
}

/** A promise that the app waits for. */
interface Awaited {
  readonly what: string
  readonly place: Place
  readonly store: SoakStore
  isSettled: boolean
  readonly facts: Set<string>
}

export interface World {
  readonly time: SoakTime
  readonly storage: SoakStorage
  readonly locks: LockKind | undefined
  readonly devices: readonly Device[]
  readonly places: (Place | undefined)[]
  /** All that ever were, for what they met. */
  readonly everyPlace: Place[]
  readonly model: Model
  readonly violations: Violation[]
  readonly awaited: Awaited[]
  /** How often each action, fault and invariant took effect. */
  readonly effects: Map<string, number>
  /** The conversations that storage was seen to have, and in which workspace. */
  readonly storedIds: Map<string, string>
  createId(): string
  /** Counts what happens, so that it has an order even where no time passes. */
  tick(): number
}

/** The guest last, whose rows become those of the others. */
export const users = ['ann', 'bob', guest] as const
export const workspaces = ['north', 'south', 'west'] as const

/** How long slow locks take to answer. */
const slowLockMs = 1_200

export function createWorld(scene: Scene): World {
  const storage = createStorage(scene.storage)
  let ids = 0
  let ticks = 0
  return {
    time: createSoakTime(),
    storage,
    locks: scene.locks,
    devices: Array.from({ length: scene.devices }, (_, index) => createDevice(index)),
    places: [],
    everyPlace: [],
    model: createModel({ isShared: storage.isShared, survivesWipe: storage.hasJournal }),
    violations: [],
    awaited: [],
    effects: new Map(),
    storedIds: new Map(),
    createId: () => `id-${++ids}`,
    tick: () => ++ticks,
  }
}

export function count(world: World, what: string, times = 1): void {
  world.effects.set(what, (world.effects.get(what) ?? 0) + times)
}

export function violate(world: World, invariant: Invariant, seen: string, facts: Iterable<string> = []): void {
  world.violations.push({ invariant, seen, facts: new Set([...world.model.facts, ...facts]) })
}

/** Puts a page that shows this tab in a place. It has no store yet. */
export function settleIn(world: World, index: number, { device, tab, workspace, beginning }: Setting): Place {
  const page = createPage(world.time, device, tab, beginning)
  if (world.locks === 'slow') page.lockDelayMs = slowLockMs
  else if (world.locks) page.lockMode = world.locks
  return settlePage(world, index, { page, workspace, panel: '' })
}

/** What {@link settleIn} needs. */
interface Setting {
  readonly device: Device
  readonly tab: Page['tab']
  readonly workspace: string
  readonly beginning?: Beginning | undefined
}

/** Puts a page in a place, maybe one that is in another place too. */
export function settlePage(
  world: World,
  index: number,
  { page, workspace, panel }: Pick<Place, 'page' | 'workspace' | 'panel'>,
): Place {
  const faults = createStorageFaults(page, world.time)
  const place: Place = {
    page,
    faults,
    workspace,
    panel,
    store: undefined,
    clock: undefined,
    user: undefined,
    leftUser: undefined,
    stay: undefined,
  }
  world.places[index] = place
  world.everyPlace.push(place)
  return place
}

/** The places that show a page, and where. */
export function placesOf(world: World, page: Page): readonly (readonly [number, Place])[] {
  return [...world.places.entries()].flatMap(([index, place]) =>
    place?.page === page ? [[index, place] as const] : [],
  )
}

/** Follows a promise that the app waits for. */
export function follow<T>(
  world: World,
  place: Place,
  what: string,
  call: () => Promise<T>,
  { onDone, onEnd }: { onDone?: (value: T) => void; onEnd?: () => void } = {},
): void {
  const { store } = place
  if (!store) return
  const awaited: Awaited = { what, place, store, isSettled: false, facts: new Set() }
  world.awaited.push(awaited)
  const end = (isDone: boolean, value?: T, error?: unknown): void => {
    awaited.isSettled = true
    if (place.page.state === 'gone') return
    onEnd?.()
    if (isDone && value !== undefined) onDone?.(value)
    if (error instanceof TypeError) violate(world, 'never throws', `${what} rejected with ${error}`)
  }
  try {
    call().then(
      (value) => end(true, value ?? undefined),
      (error: unknown) => end(false, undefined, error),
    )
  } catch (error) {
    awaited.isSettled = true
    if (!isAppError(error)) violate(world, 'never throws', `${what} threw ${error}`)
  }
}
