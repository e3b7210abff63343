import { hasTwoSignIns } from './excuses.js'
import { claimsOf, guest, mayHaveClaimed } from './guest.js'
import type { Stay } from './model.js'
import { look } from './stays.js'
import type { SoakPlace, SoakView } from './store-driver.js'
import { count, type Place, violate, type World } from './world.js'

/** What holds at every moment, of what the pages show. */
export function checkViews(world: World): void {
  const holders = new Map<string, Place>()
  for (const [place, view] of runningViews(world)) {
    checkUser(world, view.userId, view.sessions)
    checkRemoved(world, place, new Set(view.sessions.map(({ conversationId }) => conversationId)))
    if (view.current) checkDraft(world, place, view.current.conversationId)
    // Nobody sees a page that is prerendered; it claims once it is shown.
    for (const id of place.page.isActive ? heldBy(view) : []) {
      const claim = claimOf(place, view, id)
      const other = holders.get(claim)
      count(world, 'invariant: held by one tab')
      if (other) violate(world, 'held by one tab', `two tabs have ${id}`)
      holders.set(claim, place)
    }
  }
}

/** Once everything has come to rest, whoever watches a conversation watches somebody who has it. */
export function checkWatchers(world: World): void {
  const views = runningViews(world)
  const held = new Set(views.flatMap(([place, view]) => heldBy(view).map((id) => claimOf(place, view, id))))
  for (const [place, view] of views) {
    for (const { conversationId, state } of placesIn(view)) {
      if (state === 'held') continue
      count(world, 'invariant: watchers end')
      const isWatched = state === 'away' && held.has(claimOf(place, view, conversationId))
      if (!isWatched) violate(world, 'watchers end', `a tab is ${state} with ${conversationId}, which nobody has`)
    }
  }
}

/**
 * What other pages have open when somebody claims what the guest did on their device. Returns what checks that it stayed the
 * guest's. In an account the server moves it all, a claim before this one may have been cut short, and who sleeps gives it back.
 */
export function followOpen(world: World, claimer: Place, to: string): () => void {
  const { device } = claimer.page
  const own = new Set(viewOf(world, claimer, placesIn).map(({ conversationId }) => conversationId))
  const isFirst = claimsOf(world.model, { user: guest, device: device.index }).length === 0
  const open = world.places.flatMap((place) => {
    const isOther = place !== undefined && place !== claimer && place.page.device === device
    if (!isOther || world.model.isShared || !isFirst || place.stay?.user !== guest || !isReachable(place)) return []
    const { stay } = place
    const isTheirs = (id: string) =>
      own.has(id) || world.model.conversations.some((one) => one.id === id && one.user === to)
    return viewOf(world, place, heldBy).flatMap((id) => (isTheirs(id) ? [] : [{ place, stay, id }]))
  })
  return () => {
    const shown = new Set(
      viewOf(world, claimer, (view) => (view.userId === to ? view.sessions : [])).map((one) => one.conversationId),
    )
    for (const { place, stay, id } of open) {
      if (
        place.stay !== stay ||
        stay.facts.has('slept') ||
        !isReachable(place) ||
        !viewOf(world, place, heldBy).includes(id)
      )
        continue
      // A link may begin one of the same id in the account.
      if (world.model.links.some((link) => link.user === to && link.id === id)) continue
      count(world, 'invariant: a claim leaves what is open')
      if (shown.has(id))
        violate(world, 'a claim leaves what is open', `${to} has ${id}, which another tab of the guest has open`)
    }
  }
}

const isReachable = ({ page }: Place): boolean =>
  page.state === 'running' && page.isActive && page.lockMode === 'working'

function viewOf<T>(world: World, place: Place, of: (view: SoakView) => readonly T[]): readonly T[] {
  const view = look(world, place)
  return view ? of(view) : []
}

function runningViews(world: World): (readonly [Place, SoakView])[] {
  return world.places.flatMap((place) => {
    const view = place?.page.state === 'running' ? look(world, place) : undefined
    return place && view ? [[place, view] as const] : []
  })
}

const claimOf = (place: Place, { userId }: SoakView, id: string): string => `${place.page.device.index} ${userId} ${id}`

function heldBy(view: SoakView): readonly string[] {
  return [...new Set(placesIn(view).flatMap(({ state, conversationId }) => (state === 'held' ? [conversationId] : [])))]
}

function placesIn({ places, status, current }: SoakView): readonly SoakPlace[] {
  if (places) return places
  return status === 'ready' && current ? [{ ...current, state: 'held' }] : []
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
    const isClaimer = world.model.claims.some(({ to }) => to === userId)
    const isApart =
      row.userId === userId &&
      texts.every((text) => text.startsWith(`${userId} `) || (text.startsWith(`${guest} `) && isClaimer))
    if (!isApart) violate(world, 'users apart', `${userId} is shown or stored ${JSON.stringify(row)}`)
  }
}

/** What a page removed it does not show again, unless it was taken back. */
function checkRemoved(world: World, place: Place, shown: ReadonlySet<string>): void {
  for (const { stay, isDone, isRestored, shown: removed } of world.model.removals) {
    if (stay !== place.stay || !isDone || isRestored) continue
    for (const id of removed) {
      count(world, 'invariant: removed is not shown')
      if (shown.has(id)) violate(world, 'removed is not shown', `${id} was removed here, and is shown again`)
    }
  }
}

/** What is being typed comes back in its tab, and nowhere but in its conversation. */
function checkDraft(world: World, place: Place, conversationId: string): void {
  const { stay, store } = place
  if (!stay || !store || world.model.drafts.length === 0) return
  const text = store.typed(conversationId)
  const ofConversation = world.model.drafts.filter(
    (one) =>
      one.conversationId === conversationId &&
      (one.user === stay.user || mayHaveClaimed(world.model, one.stay, stay.user)),
  )
  count(world, 'invariant: drafts in place')
  const draft = ofConversation.find((one) => one.text === text)
  if (text !== '' && !draft) {
    violate(world, 'drafts in place', `${stay.user}'s ${conversationId} shows the draft “${text}”, typed elsewhere`)
  }
  // A tab that did not hear of the sign-out keeps its drafts, and shows them if the device forgot it too.
  const isOver = draft?.user === stay.user && isForgotten(world, stay, draft.at) && !hasTwoSignIns(world.model, stay)
  if (isOver) {
    violate(world, 'signed out is gone', `“${text}” was typed before ${stay.user} signed out, and is shown`)
  }
  // Of two stores in a page each shows its own, until it is made again.
  const [own] = ofConversation.filter((one) => one.stay.tab === stay.tab && one.user === stay.user).slice(-1)
  const [here] = ofConversation.filter((one) => one.stay === stay).slice(-1)
  if (own && own.text !== text && here?.text !== text && !mayBeForgotten(world, stay, own.at)) {
    violate(world, 'drafts in place', `the draft “${own.text}” did not come back, but “${text}”`)
  }
}

function isForgotten(world: World, stay: Stay, at: number): boolean {
  return world.model.signOuts.some(
    (one) =>
      one.isDone && one.user === stay.user && one.device === stay.device && at < one.at && stay.begunAt > one.settledAt,
  )
}

function mayBeForgotten(world: World, stay: Stay, at: number): boolean {
  const { signOuts, wipes } = world.model
  return (
    signOuts.some((one) => one.user === stay.user && one.device === stay.device && one.settledAt > at) ||
    wipes.some((one) => one.device === stay.device && one.at > at) ||
    hasTwoSignIns(world.model, stay) ||
    claimsOf(world.model, stay).length > 0
  )
}
