import type { Stay } from './model.js'
import type { SoakStore, SoakView } from './store-driver.js'
import type { Place, World } from './world.js'

// Whose time it is in which page.

export function makeStore(world: World, place: Place, userId: string | undefined): SoakStore {
  const clock = place.page.createClock()
  const { faults, panel } = place
  const store = world.storage.openStore(place.page, { userId, panel, faults, clock, createId: world.createId })
  place.store = store
  place.clock = clock
  place.user = userId
  place.leftUser = undefined
  beginStay(world, place, userId)
  store.listen?.(() => {
    if (place.store === store) noteOpened(world, place, store.look())
  })
  return store
}

export function beginStay(world: World, place: Place, user: string | undefined): void {
  const device = place.page.device.index
  place.stay =
    user === undefined
      ? undefined
      : {
          user,
          tab: place.page.tab.sessionStorage,
          device,
          begunAt: world.tick(),
          end: 'open',
          endedAt: Number.POSITIVE_INFINITY,
          sawTheEnd: false,
          facts: new Set(),
        }
  if (place.stay) world.model.stays.push(place.stay)
}

export function endStay(world: World, place: Place, end: 'left' | 'cut' | 'signed-out'): void {
  if (place.stay?.end === 'open') {
    place.stay.end = end
    place.stay.endedAt = world.tick()
  }
  place.stay = undefined
}

/**
 * The page is hidden or left: what it has not saved is put where the next one finds it. Whether it could. What was said before a
 * conversation was open waits for one until the page is left.
 */
export function park(world: World, place: Place, { leaves = true } = {}): boolean {
  for (const removal of world.model.removals) if (removal.stay === place.stay) removal.mayBeCarriedOut = true
  const canPark = world.storage.hasJournal || place.faults.of('save') === undefined
  if (!canPark) return false
  for (const said of world.model.said) {
    if (said.stay !== place.stay || said.safe !== 'no') continue
    if (leaves || said.conversationId !== undefined) said.safe = 'parked'
  }
  for (const renaming of world.model.renamings) {
    if (renaming.stay !== place.stay || renaming.safeAt < Number.POSITIVE_INFINITY) continue
    renaming.safeAt = world.tick()
    renaming.facts.add('parked')
  }
  return true
}

/** What the page shows, with what that tells of the user and the conversation. `undefined` where it has no store. */
export function look(world: World, place: Place): SoakView | undefined {
  const view = place.store?.look()
  if (!view) return undefined
  if (place.stay && view.userId === undefined) {
    place.stay.facts.add('signed out by another tab')
    place.user = undefined
    place.leftUser = undefined
    endStay(world, place, 'signed-out')
  }
  if (place.stay && view.current) know(world, place.stay, view.current.conversationId, view.current.workspace)
  return view
}

/** Where what was said before a conversation was open has gone. */
function noteOpened(world: World, { stay, faults }: Place, { places = [] }: SoakView): void {
  for (const said of world.model.said) {
    if (said.stay !== stay || said.conversationId !== undefined || said.isOpened) continue
    const opened = places.find(({ workspace, state }) => workspace === said.workspace && state !== 'opening')
    if (!opened) continue
    said.openedIn = [...said.openedIn, opened.conversationId]
    said.isOpened = true
    said.openedBlind = faults.met.size > 0
  }
}

/** A conversation that pages can be sent to from now on. */
export function know(world: World, stay: Stay, id: string, workspace: string): void {
  const { conversations } = world.model
  const known = conversations.find((one) => one.id === id && one.user === stay.user)
  if (known) known.workspaces.add(workspace)
  else {
    const workspaces = new Set([workspace])
    conversations.push({ user: stay.user, id, workspace, workspaces, begunAt: world.tick(), begunBy: stay })
  }
}
