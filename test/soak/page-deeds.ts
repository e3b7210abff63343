import type { Deed } from './actions.js'
import { anyUser, awake, comeBack, type DoIt, disposeStore, leavePage, openWorkspace, workspaceAt } from './doing.js'
import { endStay, makeStore, park } from './stays.js'
import type { StorageFault, Verb } from './storage-faults.js'
import { settleIn, type World } from './world.js'

/** What happens to pages, storage and clocks, and what the model makes of it. Whether it could happen. */
export const pageDeeds = {
  open(world, index, { user = 0, device = 0, workspace = 0 }, place) {
    if (place) return awake(place, (there) => openWorkspace(world, there, workspaceAt(workspace)))
    const on = deviceAt(world, device)
    const opened = settleIn(world, index, on, on.browser.openTab(), workspaceAt(workspace))
    makeStore(world, opened, anyUser(user))
    return openWorkspace(world, opened, opened.workspace)
  },

  copy: (world, _index, _action, place) =>
    awake(place, ({ page, user, workspace, stay }) => {
      const free = [0, 1, 2, 3, 4].find((at) => !world.places[at])
      if (free === undefined) return false
      for (const said of world.model.said) {
        if (said.stay === stay && said.safe !== 'stored') said.facts.add('copied before it was stored')
      }
      const copy = settleIn(world, free, page.device, page.device.browser.openTab({ copyOf: page.tab }), workspace)
      makeStore(world, copy, user)
      return user === undefined || openWorkspace(world, copy, workspace)
    }),

  link(world, index, { user = 0, device = 0, conversation = 0 }, place) {
    const { conversations } = world.model
    const to = conversations[conversation % conversations.length]
    if (!to) return false
    if (place) return awake(place, (there) => openWorkspace(world, there, to.workspace, to.id))
    const on = deviceAt(world, device)
    const opened = settleIn(world, index, on, on.browser.openTab(), to.workspace)
    makeStore(world, opened, anyUser(user))
    return openWorkspace(world, opened, to.workspace, to.id)
  },

  hide: (world, _index, _action, place) =>
    awake(place, (there) => {
      if (there.page.browser.isHidden()) return false
      there.page.tell('hidden')
      park(world, there)
      return true
    }),

  show: (_world, _index, _action, place) =>
    awake(place, ({ page }) => {
      if (!page.browser.isHidden()) return false
      page.tell('visible')
      return true
    }),

  freeze: (world, _index, { how }, place) =>
    awake(place, async (there) => {
      if (how === 'cached') there.page.tell('pagehide')
      if (!there.page.browser.isHidden()) there.page.tell('hidden')
      park(world, there)
      await world.time.settle()
      there.page.freeze(how === 'cached' ? 'cached' : 'frozen')
      there.stay?.facts.add('slept')
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
    endStay(world, place, 'cut')
    place.page.end()
    world.places[index] = undefined
    if (how === 'and back') comeBack(world, index, place)
    return true
  },

  async close(world, index, _action, place) {
    if (!place) return false
    await leavePage(world, index, place)
    return true
  },

  async reload(world, index, _action, place) {
    if (place?.page.state !== 'running') return false
    await leavePage(world, index, place)
    comeBack(world, index, place)
    return true
  },

  dispose: (world, _index, _action, place) => awake(place, (there) => disposeStore(world, there)),

  make: (world, _index, { workspace = 0 }, place) =>
    awake(place, (there) => {
      if (there.store) return false
      makeStore(world, there, there.user ?? anyUser(workspace))
      return openWorkspace(world, there, there.workspace)
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
    if (!place) return false
    place.page.lockDelayMs = ms
    world.model.facts.add('slow locks')
    return true
  },

  'jump-clock'(world, index, { ms = 0 }) {
    deviceAt(world, index).offset += ms
    world.model.facts.add('clock jumped')
    if (Math.abs(ms) > 30 * 24 * 60 * 60_000) world.model.facts.add('clock jumped by months')
    return true
  },
} satisfies Partial<Record<Deed, DoIt>>

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
