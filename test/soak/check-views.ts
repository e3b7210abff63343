import { look } from './stays.js'
import { count, type Place, violate, type World } from './world.js'

/** What holds at every moment, of what the pages show. */
export function checkViews(world: World): void {
  const holders = new Map<string, Place>()
  for (const place of world.places) {
    if (place?.page.state !== 'running') continue
    const view = look(world, place)
    if (!view) continue
    checkUser(world, view.userId, view.sessions)
    checkRemoved(world, place, new Set(view.sessions.map(({ conversationId }) => conversationId)))
    if (view.status !== 'ready' || !view.current) continue
    const claim = `${place.page.device.index} ${view.userId} ${view.current.conversationId}`
    const other = holders.get(claim)
    count(world, 'invariant: held by one tab')
    if (other) {
      const slow = [place, other].some(({ page }) => page.lockDelayMs > 0) ? ['slow locks'] : []
      violate(world, 'held by one tab', `two tabs are ready with ${view.current.conversationId}`, slow)
    }
    holders.set(claim, place)
  }
}

/** Every text tells whose it is. */
export function checkUser(
  world: World,
  userId: string | undefined,
  rows: readonly {
    readonly userId: string
    readonly title: string | undefined
    readonly preview: string | undefined
  }[],
): void {
  for (const row of rows) {
    count(world, 'invariant: users apart')
    const texts = [row.title, row.preview].filter((text) => text !== undefined)
    const isApart = row.userId === userId && texts.every((text) => text.startsWith(`${userId} `))
    if (!isApart) violate(world, 'users apart', `${userId} is shown or stored ${JSON.stringify(row)}`)
  }
}

/** What a page removed it does not show again. */
function checkRemoved(world: World, place: Place, shown: ReadonlySet<string>): void {
  for (const { stay, isDone, shown: removed } of world.model.removals) {
    if (stay !== place.stay || !isDone) continue
    for (const id of removed) {
      count(world, 'invariant: removed is not shown')
      if (shown.has(id)) violate(world, 'removed is not shown', `${id} was removed here, and is shown again`)
    }
  }
}
