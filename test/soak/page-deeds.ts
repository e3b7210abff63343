import type { Deed } from './actions.js'
import {
  anyPerson,
  anyUser,
  awake,
  comeBack,
  type DoIt,
  disposeStore,
  endPage,
  leavePage,
  openWorkspace,
  workspaceAt,
} from './doing.js'
import type { LockMode, Sleep } from './page.js'
import { endStay, look, makeStore, park } from './stays.js'
import type { StorageFault, Verb } from './storage-faults.js'
import { type Place, placesOf, settleIn, settlePage, type World } from './world.js'

/** What happens to pages, storage and clocks, and what the model makes of it. Whether it could happen. */
export const pageDeeds = {
  open(world, index, { user = 0, device = 0, workspace = 0, how }, place) {
    if (place) return awake(place, (there) => openWorkspace(world, there, workspaceAt(workspace)))
    const on = deviceAt(world, device)
    const opened = settleIn(world, index, {
      device: on,
      tab: on.browser.openTab(),
      workspace: workspaceAt(workspace),
      beginning: { isPrerendered: how === 'prerendered' },
    })
    makeStore(world, opened, anyUser(user))
    return openWorkspace(world, opened, opened.workspace)
  },

  copy: (world, _index, _action, place) =>
    awake(place, ({ page, user, workspace }) => {
      const free = freePlace(world)
      if (free === undefined) return false
      const tab = page.device.browser.openTab({ copyOf: page.tab })
      const copy = settleIn(world, free, { device: page.device, tab, workspace })
      makeStore(world, copy, user)
      return user === undefined || openWorkspace(world, copy, workspace)
    }),

  link(world, index, { user = 0, device = 0, conversation = 0, workspace, how }, place) {
    const { conversations } = world.model
    const to = conversations[conversation % conversations.length]
    if (!to) return false
    const into = workspace === undefined ? to.workspace : workspaceAt(workspace)
    const wish = { conversationId: to.id, createUnknown: how === 'created' }
    if (place) return awake(place, (there) => openWorkspace(world, there, into, wish))
    const on = deviceAt(world, device)
    const opened = settleIn(world, index, { device: on, tab: on.browser.openTab(), workspace: into })
    makeStore(world, opened, anyUser(user))
    return openWorkspace(world, opened, into, wish)
  },

  /** A second store in the page, such as of a frame beside the chat. */
  panel: (world, _index, { workspace = 0 }, place) =>
    awake(place, ({ page, user }) => {
      const free = freePlace(world)
      if (free === undefined || placesOf(world, page).length > 1) return false
      const beside = settlePage(world, free, { page, workspace: workspaceAt(workspace), panel: 'side' })
      makeStore(world, beside, user)
      return user === undefined || openWorkspace(world, beside, beside.workspace)
    }),

  hide: (world, _index, _action, place) =>
    awake(place, (there) => {
      if (there.page.browser.isHidden()) return false
      for (const [, one] of placesOf(world, there.page)) look(world, one)
      there.page.tell('hidden')
      parkAll(world, there, { leaves: false })
      return true
    }),

  show: (_world, _index, _action, place) =>
    awake(place, ({ page }) => {
      if (!page.isActive) {
        page.activate()
        return true
      }
      if (!page.browser.isHidden()) return false
      page.tell('visible')
      return true
    }),

  freeze: (world, _index, { how }, place) =>
    awake(place, async (there) => {
      const sleep = sleepOf(how)
      for (const [, one] of placesOf(world, there.page)) look(world, one)
      if (sleep !== 'frozen') there.page.tell('pagehide')
      if (!there.page.browser.isHidden()) there.page.tell('hidden')
      parkAll(world, there, { leaves: sleep !== 'frozen' })
      await world.time.settle()
      there.page.freeze(sleep)
      for (const [, { stay }] of placesOf(world, there.page)) stay?.facts.add('slept')
      return true
    }),

  thaw(_world, _index, _action, place) {
    if (!place || place.page.state === 'running') return false
    place.page.thaw()
    return true
  },

  async crash(world, index, { how }, place) {
    if (!place) return false
    await world.time.settle()
    endPage(world, place)
    if (how === 'and back') comeBack(world, index, place)
    return true
  },

  /** A page that nobody saw for a while goes without a word; the tab shows a new one as soon as somebody looks. */
  async discard(world, index, _action, place) {
    if (!place || place.page.state === 'cached' || !place.page.browser.isHidden()) return false
    await world.time.settle()
    endPage(world, place)
    comeBack(world, index, place, { wasDiscarded: true })
    return true
  },

  async close(world, _index, _action, place) {
    if (!place) return false
    await leavePage(world, place)
    return true
  },

  async reload(world, index, _action, place) {
    if (place?.page.state !== 'running') return false
    await leavePage(world, place)
    comeBack(world, index, place)
    return true
  },

  dispose: (world, _index, _action, place) => awake(place, (there) => disposeStore(world, there)),

  make: (world, _index, { workspace = 0 }, place) =>
    awake(place, (there) => {
      if (there.store) return false
      makeStore(world, there, there.user ?? anyPerson(workspace))
      return openWorkspace(world, there, there.workspace)
    }),

  /** A store that is made later takes over, as after a hot reload. */
  'make-again': (world, _index, _action, place) =>
    awake(place, (there) => {
      if (!there.store || !there.stay) return false
      look(world, there)
      if (!there.stay) return false
      endStay(world, there, park(world, there) ? 'left' : 'cut')
      makeStore(world, there, there.user)
      return openWorkspace(world, there, there.workspace)
    }),

  /** The app clears `localStorage`. */
  wipe: (world, _index, _action, place) =>
    awake(place, ({ page }) => {
      const { device } = page
      world.model.wipes.push({ device: device.index, at: world.tick() })
      if (!world.storage.hasJournal) world.storedIds.clear()
      for (const other of world.places) if (other?.page.device === device) other.faults.forgetEarlier()
      device.browser.localStorage.clear()
      page.tellOthers()
      return true
    }),

  storage(_world, _index, { how = '' }, place) {
    const fault = parseFault(how)
    if (!place || !fault) return false
    place.faults.set(...fault)
    return true
  },

  heal(_world, _index, _action, place) {
    place?.faults.heal()
    return place !== undefined
  },

  'slow-locks'(world, _index, { ms = 0 }, place) {
    if (!place || world.locks) return false
    place.page.lockDelayMs = ms
    world.model.facts.add('slow locks')
    return true
  },

  locks(world, _index, { how }, place) {
    if (!place || world.locks || place.page.lockMode === how) return false
    place.page.lockMode = lockModeOf(how)
    world.model.facts.add(`locks ${place.page.lockMode}`)
    return true
  },

  'jump-clock'(world, index, { ms = 0 }) {
    deviceAt(world, index).offset += ms
    world.model.facts.add('clock jumped')
    if (Math.abs(ms) > 30 * 24 * 60 * 60_000) world.model.facts.add('clock jumped by months')
    return true
  },
} satisfies Partial<Record<Deed, DoIt>>

function freePlace(world: World): number | undefined {
  return [0, 1, 2, 3, 4].find((at) => !world.places[at])
}

function parkAll(world: World, { page }: Place, how: { readonly leaves: boolean }): void {
  for (const [, place] of placesOf(world, page)) park(world, place, how)
}

function sleepOf(how: string | undefined): Sleep {
  return how === 'cached' || how === 'cached-and-frozen' ? how : 'frozen'
}

function lockModeOf(how: string | undefined): LockMode {
  return how === 'missing' || how === 'rejecting' ? how : 'working'
}

function deviceAt(world: World, at: number): World['devices'][number] {
  const device = world.devices[at % world.devices.length]
  if (!device) throw new Error('A scene needs a device.')
  return device
}

function parseFault(how: string): [Verb, StorageFault] | undefined {
  const [verb, fault] = how.split(' ')
  if (verb !== 'read' && verb !== 'save' && verb !== 'remove') return undefined
  switch (fault) {
    case 'reject':
    case 'hang':
    case 'lose':
    case 'late':
    case 'stale':
    case 'slow':
      return [verb, fault]
    default:
      return undefined
  }
}
