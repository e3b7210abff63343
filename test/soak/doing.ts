import type { Action } from './actions.js'
import { type Conversation, mostMessages, type Removal, type Stay, textOf, usageOf } from './model.js'
import { endStay, know, look, makeStore, park } from './stays.js'
import { isAppError, type SoakStore } from './store-driver.js'
import { count, follow, type Place, settleIn, users, violate, type World, workspaces } from './world.js'

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

export function openWorkspace(world: World, place: Place, workspace: string, conversationId?: string): boolean {
  const { store, stay } = place
  if (!store) return false
  place.workspace = workspace
  follow(world, place, 'initConversation', () => store.open(workspace, conversationId), {
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
  if (isOnScreen && view?.status === 'away') facts.add('said while away')
  const isListed = view?.sessions.some(({ conversationId }) => conversationId === to?.id)
  if (!isOnScreen && !isListed) facts.add('said of a conversation not read')
  return { isKnown: !to || isOnScreen || isStored(world, to) || to.begunBy === stay, facts }
}

/** Records a message: in the conversation on screen, or in another one. */
export function say(world: World, place: Place | undefined, to: Conversation | undefined): boolean {
  return signedIn(world, place, ({ there, store, stay }) => {
    const { said } = world.model
    const view = look(world, there)
    if (said.length >= mostMessages || !view) return false
    const onScreen = view.status === 'opening' ? undefined : view.current?.conversationId
    const { isKnown, facts } = situationOf(world, there, stay, to)
    const number = said.length
    said.push({
      number,
      at: world.tick(),
      stay,
      conversationId: to ? to.id : onScreen,
      safe: 'no',
      storedAt: Number.POSITIVE_INFINITY,
      isIntoVoid: !isKnown,
      facts,
    })
    const message = { text: textOf(stay.user, number), usage: usageOf(number) }
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
): Removal {
  const listed = store.look().sessions.map(({ conversationId }) => conversationId)
  return {
    ...what,
    shown: what.certain.filter((id) => what.conversationId !== undefined || listed.includes(id)),
    user: stay.user,
    stay,
    at: world.tick(),
    settledAt: Number.POSITIVE_INFINITY,
    isDone: false,
  }
}

/** What a sign-out meets on its device. */
export function noteSignOut(world: World, signingOut: Place, user: string): void {
  for (const other of world.places) {
    if (other?.page.device === signingOut.page.device) other.faults.forgetEarlier()
    if (!other?.stay || other === signingOut || other.page.device !== signingOut.page.device) continue
    if (other.page.state !== 'running') world.model.facts.add('a tab slept through a sign-out')
    if (other.stay.user === user) continue
    const fact = 'another user signed out on the device'
    for (const stay of world.model.stays) {
      if (stay.user === other.stay.user && stay.device === other.stay.device) stay.facts.add(fact)
    }
  }
}

/** The user or the store goes while something the app waits for is under way. */
export function leaveUnsettled(world: World, place: Place): void {
  for (const awaited of world.awaited) {
    if (awaited.store === place.store && !awaited.isSettled) awaited.facts.add('left before it settled')
  }
}

/** The page is told that it goes, does what it can in that task, and is gone. */
export async function leavePage(world: World, index: number, place: Place): Promise<void> {
  const isRunning = place.page.state === 'running'
  await world.time.settle()
  if (isRunning) {
    look(world, place)
    place.page.tell('pagehide')
  }
  const isParked = isRunning && park(world, place)
  await world.time.settle()
  endStay(world, place, isParked ? 'left' : 'cut')
  place.page.end()
  world.places[index] = undefined
}

/** The tab shows a new page, with the same `sessionStorage`. */
export function comeBack(world: World, index: number, { page, user, workspace }: Place): void {
  const place = settleIn(world, index, page.device, page.tab.reload(), workspace)
  makeStore(world, place, user)
  if (user !== undefined) openWorkspace(world, place, workspace)
}

export function disposeStore(world: World, place: Place): boolean {
  const { store, clock, page } = place
  if (!store || !clock) return false
  look(world, place)
  leaveUnsettled(world, place)
  endStay(world, place, park(world, place) ? 'left' : 'cut')
  place.store = undefined
  const awaitedBy: Place = { ...place, store }
  follow(world, awaitedBy, 'dispose', () => store.dispose().then(() => true), {
    onEnd() {
      world.time.after(3_000, () => {
        if (page.state !== 'running') return
        count(world, 'invariant: no timer left')
        if (clock.pending() > 0) violate(world, 'no timer left', `${clock.pending()} timers 3 s after dispose()`)
      })
    },
  })
  return true
}

/** Whom a page goes on with that has nobody. */
export const anyUser = (at: number): string => users[at % users.length] ?? users[0]

export const workspaceAt = (at: number): string => workspaces[at % workspaces.length] ?? workspaces[0]
