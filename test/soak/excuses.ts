import { mayBeLostByClaim, rowClaimsOf } from './guest.js'
import { type Model, type Removal, type Said, type Stay, saidUnread } from './model.js'

/** Why storage need not have the message, or `undefined` if it must. */
export function mayBeMissing(model: Model, said: Said): string | undefined {
  const { stay } = said
  if (said.isIntoVoid) return 'into a conversation that was not there'
  if (stay.end === 'cut' && said.safe === 'no') return 'unsaved when the page ended'
  for (const signOut of model.signOuts) {
    const isOfThem = signOut.user === stay.user && signOut.device === stay.device && stay.begunAt < signOut.settledAt
    if (isOfThem && !(model.isShared && said.safe === 'stored' && said.storedAt < signOut.at)) return 'signed out'
  }
  if (mayBeCleared(model, said)) return 'cleared'
  const isOfBefore = stay.end !== 'open' || said.facts.has(saidUnread)
  if (said.safe !== 'stored' && isOfBefore && followsFailedSignOut(model, stay)) return 'after a failed sign-out'
  const isRemoved = model.removals.some(
    (removal) => removal.user === stay.user && !removal.isRestored && mayTake(model, removal, said),
  )
  return isRemoved ? 'removed' : mayBeLostByClaim(model, said)
}

/** Whether the removal may have taken the message with it. One that waited goes to the conversation that opens, as any other. */
function mayTake(model: Model, removal: Removal, said: Said): boolean {
  const { at, stay, conversationId, workspace, isOpened, openedIn, openedBlind } = said
  if (conversationId !== undefined) return isCovered(model, removal, conversationId)
  // One that can be taken back, or that failed, is carried out later than its promise says.
  if (removal.settledAt > at) return true
  // Its page left before it opened: it went to what the tab had, which nobody looked up.
  if (!isOpened && stay.end !== 'open' && isOfWorkspace(model, removal, workspace)) return true
  return (removal.canBeUndone || !removal.isDone || openedBlind) && openedIn.some((id) => isCovered(model, removal, id))
}

/**
 * Whether somebody cleared what the device stores: its rows, or what was to become rows. With the rows went the sign-in of who had
 * signed out before: pages of this sign-in and later ones may not know of each other.
 */
function mayBeCleared(model: Model, { stay, at, safe }: Said): boolean {
  const wipes = model.wipes.filter(({ device }) => device === stay.device)
  const isOld = wipes.some((wipe) => wipe.at > at && !(model.survivesWipe && safe === 'stored'))
  return isOld || hasTwoSignIns(model, stay)
}

/** Whether the device forgot that the user had signed out of it. */
export function hasTwoSignIns({ signOuts, wipes }: Model, { user, device }: Stay): boolean {
  return signOuts.some(
    (one) =>
      one.user === user && one.device === device && wipes.some((wipe) => wipe.device === device && wipe.at > one.at),
  )
}

/** The app was told that a sign-out failed, and the rows of before may still be shown: what is said about them may be refused. */
function followsFailedSignOut({ signOuts }: Model, { user, device, begunAt }: Stay): boolean {
  return signOuts.some((one) => one.user === user && one.device === device && !one.isDone && one.settledAt < begunAt)
}

/** Whether the removal may have taken the conversation with it. */
function isCovered(model: Model, removal: Removal, conversationId: string): boolean {
  if (removal.conversationId !== undefined) return removal.conversationId === conversationId
  const known = model.conversations.find(({ id, user }) => id === conversationId && user === removal.user)
  if (!known || known.begunAt > removal.settledAt) return false
  return removal.workspace === undefined || known.workspaces.has(removal.workspace)
}

function isOfWorkspace(model: Model, removal: Removal, workspace: string): boolean {
  if (removal.conversationId === undefined) return removal.workspace === undefined || removal.workspace === workspace
  return model.conversations.some(({ id, workspaces }) => id === removal.conversationId && workspaces.has(workspace))
}

/** Whether nothing of the message may be left on the device, or in the account. */
export function mustBeGone(model: Model, { stay, at, number, hasId }: Said): boolean {
  if (model.isShared || rowClaimsOf(model, stay).length > 0) return false
  // With an id another page may have recorded it since.
  if (hasId && model.said.some((one) => one.number === number && one.at > at)) return false
  return model.signOuts.some(
    (signOut) =>
      signOut.isDone &&
      signOut.user === stay.user &&
      signOut.device === stay.device &&
      at < signOut.at &&
      stay.begunAt < signOut.at,
  )
}
