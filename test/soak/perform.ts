import { type Action, pageCount } from './actions.js'
import { checkViews } from './check-views.js'
import { deeds } from './deeds.js'
import { readStored } from './stored.js'
import { count, type World } from './world.js'

/** Before these it matters what storage has. */
const asksStorage = new Set<Action['do']>(['sign-out', 'clear', 'remove', 'crash', 'record-elsewhere', 'link'])

/** Lets the actions happen, each followed by as much time as it says. */
export async function perform(world: World, actions: readonly Action[]): Promise<void> {
  let isSettled = true
  for (const action of actions) {
    if (isSettled && asksStorage.has(action.do)) await readStored(world)
    const index = action.page % pageCount
    const hasHappened = await deeds[action.do](world, index, action, world.places[index])
    count(world, `${hasHappened ? 'action' : 'skipped'}: ${action.do}`)
    isSettled = action.wait !== undefined
    if (action.wait === undefined) continue
    await world.time.advance(action.wait)
    checkViews(world)
  }
}
