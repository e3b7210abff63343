import type { LockKind, Scene } from './actions.js'
import { checkStorage } from './check-storage.js'
import { checkViews, checkWatchers } from './check-views.js'
import { disposeStore, leavePage, openWorkspace } from './doing.js'
import { createScene } from './generate.js'
import { perform } from './perform.js'
import { createRandom, repeatableRandom } from './random.js'
import { makeStore } from './stays.js'
import type { StorageKind } from './store-driver.js'
import { checkSavedByItself } from './stored.js'
import {
  count,
  createWorld,
  type Place,
  settleIn,
  users,
  type Violation,
  violate,
  type World,
  workspaces,
} from './world.js'

/** What a run came to. */
export interface Run {
  readonly violations: readonly Violation[]
  readonly effects: ReadonlyMap<string, number>
}

/** The scene that a seed stands for. */
export function sceneOf(seed: number, storage: StorageKind, locks?: LockKind): Scene {
  return { ...createScene(createRandom(seed), storage), locks }
}

/** Lets a scene happen, lets everything come to rest, and looks at what is there. */
export async function runScene(scene: Scene): Promise<Run> {
  const rejections: unknown[] = []
  const stop = watchRejections((reason) => rejections.push(reason))
  const restoreRandom = repeatableRandom()
  const world = createWorld(scene)
  count(world, `locks: ${scene.locks ?? 'working'}`)
  try {
    await perform(world, scene.actions)
    await comeToRest(world)
    await checkSavedByItself(world)
    await disposeAll(world)
    await replay(world)
    await checkStorage(world)
    count(world, 'invariant: no unhandled rejection')
    for (const reason of rejections) {
      violate(world, 'no unhandled rejection', `nobody handled ${reason}`, world.everyPlace.flatMap(metBy))
    }
  } finally {
    world.time.end()
    restoreRandom()
    stop()
  }
  for (const { faults } of world.everyPlace)
    for (const [fault, times] of faults.met) count(world, `fault: ${fault}`, times)
  const met = world.everyPlace.flatMap(metBy)
  return {
    violations: world.violations.map((violation) => ({ ...violation, facts: new Set([...violation.facts, ...met]) })),
    effects: world.effects,
  }
}

function metBy({ faults }: Place): string[] {
  return [...faults.met.keys()]
}

/** All faults end, all pages wake and are shown, and what was tried in vain is tried again. */
async function comeToRest(world: World): Promise<void> {
  await world.time.settle()
  for (const place of world.places) {
    if (!place) continue
    place.faults.heal()
    if (world.locks !== 'slow') place.page.lockDelayMs = 0
    place.page.activate()
    if (place.page.state !== 'running') place.page.thaw()
    else if (place.page.browser.isHidden()) place.page.tell('visible')
    await world.time.settle()
  }
  await world.time.advance(75_000)
  checkViews(world)
  checkWatchers(world)
}

async function disposeAll(world: World): Promise<void> {
  for (const place of world.places) {
    if (!place) continue
    if (place.stay) place.stay.sawTheEnd = true
    disposeStore(world, place)
  }
  await closeAll(world)
}

async function closeAll(world: World): Promise<void> {
  await world.time.advance(15_000)
  checkAwaited(world)
  for (const place of [...world.places]) if (place && place.page.state !== 'gone') await leavePage(world, place)
}

/** A new page for each user finds what earlier ones left. */
async function replay(world: World): Promise<void> {
  for (const device of world.devices) {
    for (const [index, user] of users.entries()) {
      const place = settleIn(world, index, { device, tab: device.browser.openTab(), workspace: workspaces[0] })
      makeStore(world, place, user)
      openWorkspace(world, place, workspaces[0])
    }
    await world.time.advance(5_000)
    for (const place of world.places) if (place) disposeStore(world, place)
    await closeAll(world)
  }
}

/** A page that is gone has nobody who waits. */
function checkAwaited(world: World): void {
  for (const { what, place, isSettled, facts } of world.awaited.splice(0)) {
    if (place.page.state === 'gone') continue
    count(world, 'invariant: promises settle')
    if (!isSettled) violate(world, 'promises settle', `${what} never settled`, [...facts, ...metBy(place)])
  }
}

/** What nobody handles is this run's to see. */
function watchRejections(see: (reason: unknown) => void): () => void {
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', see)
  // Without a listener Node warns of each that is handled late after all.
  const ignore = (): void => {}
  process.on('rejectionHandled', ignore)
  return () => {
    process.off('rejectionHandled', ignore)
    process.removeAllListeners('unhandledRejection')
    for (const other of others) process.on('unhandledRejection', other)
  }
}
