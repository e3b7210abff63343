import { type Action, userCount } from './actions.js'
import {
  type Conversation,
  mostMessages,
  type Removal,
  type Said,
  type Stay,
  saidUnread,
  textOf,
  usageOf,
} from './model.js'
import type { Beginning } from './page.js'
import { endStay, know, look, makeStore, park } from './stays.js'
import { isAppError, type SoakStore } from './store-driver.js'
import { count, follow, type Place, placesOf, settleIn, users, violate, type World, workspaces } from './world.js'

// What actions are made of.

/** Does one action in its place. Whether it could happen. */
export type DoIt = (world: World, index: number, action: Action, place: Place | undefined) => boolean | Promise<boolean>

/** Only in a page that runs. */
export function awake<T>(place: Place | undefined, run: (there: Place) => T): T | false {
  return place?.page.state === 'running' ? run(place) : false
}

/** Only in a page that runs, whose store has a user. */
export function signedIn(
  world: World,
  place: Place | undefined,
  run: (found: { there: Place; store: SoakStore; stay: Stay }) => boolean,
): boolean {
  return awake(place, (there) => {
    if (!there.store) return false
    look(world, there)
    return there.stay ? run({ there, store: there.store, stay: there.stay }) : false
  })
}

/** A call that may throw what an app expects. */
export function attempt<T>(world: World, what: string, call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    if (!isAppError(error)) violate(world, 'never throws', `${what} threw ${error}`)
    return undefined
  }
}

export function openWorkspace(
  world: World,
  place: Place,
  workspace: string,
  {
    conversationId,
    createUnknown = false,
  }: { readonly conversationId?: string; readonly createUnknown?: boolean } = {},
): boolean {
  const { store, stay } = place
  if (!store) return false
  place.workspace = workspace
  if (createUnknown && conversationId && stay) world.model.links.push({ user: stay.user, id: conversationId })
  follow(world, place, 'initConversation', () => store.open(workspace, conversationId, { createUnknown }), {
    onDone(id) {
      if (stay && stay.end === 'open') know(world, stay, id, workspace)
    },
  })
  return true
}

/** One of those of the user that pages know of. */
export function ownConversation(world: World, place: Place | undefined, at: number): Conversation | undefined {
  const own = world.model.conversations.filter(({ user }) => user === place?.stay?.user)
  return own[at % own.length]
}

export function isStored(world: World, { user, id }: Conversation): boolean {
  return world.storedIds.has(`${user} ${id}`)
}

export function storedIn(world: World, { user, id }: Conversation): string | undefined {
  return world.storedIds.get(`${user} ${id}`)
}

/** How a page stands to a conversation, or to the one on screen, when it says or does something in it. */
export function situationOf(
  world: World,
  place: Place,
  stay: Stay,
  to: Conversation | undefined,
): { readonly isKnown: boolean; readonly facts: Set<string> } {
  const view = look(world, place)
  const facts = new Set<string>()
  const isOnScreen = to === undefined || view?.current?.conversationId === to.id
  if (isOnScreen && (view?.status === 'opening' || !view?.current)) facts.add('said while opening')
  if (isOnScreen && view?.status === 'away') facts.add('said while watching')
  const isListed = view?.sessions.some(({ conversationId }) => conversationId === to?.id)
  if (!isOnScreen && !isListed) facts.add(saidUnread)
  return { isKnown: !to || isOnScreen || isStored(world, to) || to.begunBy === stay, facts }
}

/** Records a message: in the conversation on screen, or in another one. `again`: one that some page recorded with an id. */
export function say(
  world: World,
  place: Place | undefined,
  to: Conversation | undefined,
  { hasId = false, again }: { readonly hasId?: boolean; readonly again?: Said } = {},
): boolean {
  return signedIn(world, place, ({ there, store, stay }) => {
    const { said } = world.model
    const view = look(world, there)
    const number = again?.number ?? new Set(said.map((one) => one.number)).size
    if (number >= mostMessages || !view) return false
    const onScreen = view.status === 'opening' ? undefined : view.current?.conversationId
    const { isKnown, facts } = situationOf(world, there, stay, to)
    said.push({
      number,
      at: world.tick(),
      stay,
      conversationId: to ? to.id : onScreen,
      workspace: there.workspace,
      openedIn: view.places?.flatMap((one) => (one.workspace === there.workspace ? one.conversationId : [])) ?? [],
      isOpened: false,
      openedBlind: false,
      hasId,
      safe: 'no',
      storedAt: Number.POSITIVE_INFINITY,
      isIntoVoid: !isKnown,
      facts,
    })
    const text = textOf(stay.user, number)
    const message = { text, usage: usageOf(number), ...(hasId && { messageId: text }) }
    const isSaid = attempt(world, 'recordMessage', () => {
      store.record(to ? { ...message, conversationId: to.id } : message)
      return true
    })
    if (!isSaid) said.pop()
    else for (const fact of facts) count(world, `situation: ${fact}`)
    return isSaid === true
  })
}

export function followRemoval(
  world: World,
  place: Place,
  what: string,
  removal: Removal,
  call: () => Promise<unknown>,
): void {
  world.model.removals.push(removal)
  follow(world, place, what, () => call().then(() => true), {
    onEnd() {
      removal.settledAt = world.tick()
    },
    onDone() {
      removal.isDone = true
    },
  })
}

export function createRemoval(
  world: World,
  { store, stay }: { readonly store: SoakStore; readonly stay: Stay },
  what: Pick<Removal, 'conversationId' | 'workspace' | 'certain'>,
  canBeUndone = false,
): Removal {
  // A page that could not read a row does not know its workspace, or guesses it for what it said there.
  const isGuess = (id: string) =>
    world.model.said.some((said) => said.stay === stay && said.conversationId === id && said.facts.has(saidUnread))
  const listed = store
    .look()
    .sessions.filter((row) => what.workspace === undefined || row.workspace === what.workspace)
    .map(({ conversationId }) => conversationId)
    .filter((id) => what.workspace === undefined || !isGuess(id))
  return {
    ...what,
    shown: what.certain.filter((id) => what.conversationId !== undefined || listed.includes(id)),
    user: stay.user,
    stay,
    at: world.tick(),
    canBeUndone,
    isRestored: false,
    mayBeCarriedOut: false,
    settledAt: Number.POSITIVE_INFINITY,
    isDone: false,
  }
}

/** The page is told that it goes, does what it can in that task, and is gone. */
export async function leavePage(world: World, place: Place): Promise<void> {
  const { page } = place
  const isRunning = page.state === 'running'
  await world.time.settle()
  const there = placesOf(world, page)
  if (isRunning) {
    for (const [, one] of there) look(world, one)
    page.tell('pagehide')
  }
  const parked = there.map(([, one]) => isRunning && park(world, one))
  await world.time.settle()
  endPage(world, place, (at) => (parked[at] ? 'left' : 'cut'))
}

/** The page is gone, whether it was told or not. */
export function endPage(world: World, { page }: Place, endOf: (at: number) => 'left' | 'cut' = () => 'cut'): void {
  for (const [at, [index, place]] of placesOf(world, page).entries()) {
    endStay(world, place, endOf(at))
    world.places[index] = undefined
  }
  page.end()
}

/** The tab shows a new page, with the same `sessionStorage`. */
export function comeBack(world: World, index: number, { page, user, workspace }: Place, beginning?: Beginning): void {
  const place = settleIn(world, index, { device: page.device, tab: page.tab.reload(), workspace, beginning })
  makeStore(world, place, user)
  if (user !== undefined) openWorkspace(world, place, workspace)
}

export function disposeStore(world: World, place: Place): boolean {
  const { store, clock, page } = place
  if (!store || !clock) return false
  look(world, place)
  endStay(world, place, park(world, place) ? 'left' : 'cut')
  place.store = undefined
  const awaitedBy: Place = { ...place, store }
  follow(world, awaitedBy, 'dispose', () => store.dispose().then(() => true), {
    onEnd() {
      const endedAt = world.time.elapsed()
      const check = (what: string, since?: number) => () => {
        if (page.state !== 'running') return
        count(world, 'invariant: no timer left')
        if (clock.pending(since) > 0) violate(world, 'no timer left', `${clock.pending(since)} timers ${what}`)
      }
      world.time.after(3_000, check('set after dispose()', endedAt))
      // A call that storage never answers is waited for this long.
      world.time.after(12_000, check('12 s after dispose()'))
    },
  })
  return true
}

/** Whom a page goes on with that has nobody. */
export const anyUser = (at: number): string => users[at % users.length] ?? users[0]
/** One who signs in. */
export const anyPerson = (at: number): string => users[at % userCount] ?? users[0]

export const workspaceAt = (at: number): string => workspaces[at % workspaces.length] ?? workspaces[0]
