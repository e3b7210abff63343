import { ignoreRejection, withTimeout } from '../core/clock.js'
import { storageError } from '../core/storage-error.js'
import { type Choice, choose, chooseInMemory, chooseNew } from './choose-conversation.js'
import { movePlace, openPlace, type PlaceEvent, placeIn, settledPlace } from './current-conversation.js'
import { dropPointers, writePointer } from './device-keys.js'
import { addNew, isHidden, readRow, recordIn } from './history.js'
import type { OpenOptions } from './session-store.js'
import { type Claim, releaseClaim, takeClaim } from './tab-claims.js'
import type { User } from './user.js'
import { followClaim, lose, watch } from './watching.js'

/** Opens the workspace; the last wish of the app wins over those before it. Always settles within the bound. */
export function openWorkspace(user: User, workspace: string, options: OpenOptions): Promise<string> {
  const { conversationId: asked } = options
  user.wantedWorkspace = workspace
  const running = user.openings.get(workspace)
  if (running && (asked ?? running.asked) === running.asked) {
    user.context.publish()
    return running.result
  }
  const here = settledPlace(user, workspace)
  if (here && (asked ?? here.conversationId) === here.conversationId) {
    user.currentWorkspace = workspace
    user.context.publish()
    return Promise.resolve(here.conversationId)
  }
  const run = ++user.runs
  movePlace(user, workspace, { type: 'open', run })
  const result = ignoreRejection(runOpening(user, workspace, run, options))
  user.openings.set(workspace, { run, asked, result })
  user.context.publish()
  return result
}

/** A new conversation, current at once. */
export function beginConversation(user: User, workspace: string): string {
  wantWorkspace(user, workspace)
  return beginIn(user, workspace, true)
}

/** A new conversation in a workspace, which need not be the current one. */
function beginIn(user: User, workspace: string, isChosen: boolean): string {
  const conversationId = user.context.createId()
  addNew(user, workspace, conversationId)
  // This page's before the claim says so: nobody else knows its id.
  choosePlace(user, workspace, conversationId, { isHeld: true, claim: undefined, isChosen })
  void claimInBackground(user, workspace, conversationId)
  return conversationId
}

/** Another conversation of the user, current once it is claimed or watched. */
export async function switchTo(user: User, conversationId: string): Promise<'ok' | 'open-elsewhere' | 'not-found'> {
  if (conversationId === placeIn(user, user.currentWorkspace)?.conversationId) return 'ok'
  const wish = ++user.runs
  const { whenOpenElsewhere } = user.context
  const isKnown = user.entries.has(conversationId)
  await user.context.browser.activated()
  const taken = await takeClaim(user, conversationId)
  // Another tab may have continued it, or removed it, until just now.
  const row = await readRow(user, conversationId).catch(() => 'failed' as const)
  const isOwn = user.begun.has(conversationId) || user.entries.get(conversationId)?.unsent
  const isGone =
    row === 'removed' ||
    isHidden(user, conversationId) ||
    (typeof row !== 'object' && !isKnown) ||
    (row === undefined && !isOwn)
  // Another tab may have taken it over while its row was read.
  const claim = taken?.state === 'held' ? taken : undefined
  if (user.isGone || isGone || (!claim && whenOpenElsewhere === 'new')) {
    releaseClaim(user, claim)
    return isGone || user.isGone ? 'not-found' : 'open-elsewhere'
  }
  const workspace = user.entries.get(conversationId)?.workspace
  if (wish !== user.runs || workspace === undefined) {
    releaseClaim(user, claim)
    return 'ok' // the app wished something else in the meantime
  }
  // Nobody began it yet, as far as storage says or can be asked: what is said in it now begins it.
  if (row === undefined || row === 'failed') addNew(user, workspace, conversationId)
  wantWorkspace(user, workspace)
  choosePlace(user, workspace, conversationId, { isHeld: claim !== undefined, claim, isChosen: true })
  if (!claim) void watch(user, workspace, conversationId)
  return 'ok'
}

/** Opens what gave its conversation back to a page that reloaded: another one, as a new tab would. */
export async function openAfterGivingWay(user: User, workspace: string): Promise<void> {
  // Called whenever something changes: it opens already.
  if (placeIn(user, workspace)?.conversationId !== user.gaveWay.get(workspace)) return
  dropPointers(user, workspace)
  movePlace(user, workspace, { type: 'closed' })
  await openWorkspace(user, workspace, {}).catch(() => {})
  user.gaveWay.delete(workspace)
}

/** The conversation is gone: each workspace that has it open gets a new one. */
export function replaceLost(user: User, conversationId: string): boolean {
  let isReplaced = false
  for (const [workspace, place] of user.places) {
    if (place.state === 'opening' || place.conversationId !== conversationId) continue
    isReplaced = true
    // What the app wants to see, and where it records, stays as it is.
    beginIn(user, workspace, false)
  }
  return isReplaced
}

async function runOpening(user: User, workspace: string, run: number, options: OpenOptions): Promise<string> {
  const { adapter, clock, openTimeoutMs } = user.context
  const isWanted = () => !user.isGone && user.openings.get(workspace)?.run === run
  // A prerendered page follows one of its tab that is only just leaving.
  if (await user.context.browser.activated()) user.hasLeftStamp = true
  const choosing = choose(user, workspace, options, isWanted)
  const ended = user.ended.promise.then((why): never => {
    throw why
  })
  try {
    const choice = await Promise.race([withTimeout(clock, choosing, openTimeoutMs, adapter.name), ended]).catch(
      (cause: unknown) => {
        if (user.isGone) throw cause
        user.reading.error = storageError(adapter.name, cause)
        return Promise.race([chooseInMemory(user, workspace, options), ended])
      },
    )
    // What an opening that nobody waits for any more chose is given back.
    void choosing.then((late) => late !== choice && releaseClaim(user, late.claim)).catch(() => {})
    return settleOpening(user, workspace, run, choice)
  } finally {
    if (user.openings.get(workspace)?.run === run) user.openings.delete(workspace)
  }
}

function settleOpening(user: User, workspace: string, run: number, chosen: Choice): string {
  // Removed while it was opened.
  const isRemoved = !user.isGone && isHidden(user, chosen.conversationId)
  if (isRemoved) releaseClaim(user, chosen.claim)
  const choice = isRemoved ? chooseNew(user, workspace) : chosen
  const { conversationId, isNew = false, isStaying = false, isResumed, redirected } = choice
  // It may have ended in the meantime: the page was in the back/forward cache, or another took it.
  const claim = choice.claim?.state === 'held' ? choice.claim : undefined
  const place = user.places.get(workspace)
  if (user.isGone || place?.state !== 'opening' || place.run !== run) {
    // The app wished something else in this workspace: that is what it has.
    releaseClaim(user, claim)
    return openPlace(place)?.conversationId ?? conversationId
  }
  const before = place.before
  const own = isStaying ? user.claims.get(conversationId) : undefined
  // What it began is its own, also while the claim is still asked for.
  const isStillHeld = own !== undefined && (own.state === 'held' || before?.state === 'held')
  const isHeld = isNew || claim !== undefined || isStillHeld
  if (user.wantedWorkspace === workspace) user.currentWorkspace = workspace
  // A claim that ended meanwhile says why, and what the place does then.
  settleIn(user, workspace, conversationId, choice.claim, { type: 'opened', run, conversationId, isResumed, isHeld })
  if (isNew) void claimInBackground(user, workspace, conversationId)
  else if (!isHeld) void watch(user, workspace, conversationId)
  if (redirected) user.context.emit({ type: 'conversation-redirected', conversationId, ...redirected })
  return conversationId
}

function choosePlace(
  user: User,
  workspace: string,
  conversationId: string,
  { claim, ...how }: { readonly isHeld: boolean; readonly claim: Claim | undefined; readonly isChosen: boolean },
): void {
  user.runs++
  user.openings.delete(workspace)
  settleIn(user, workspace, conversationId, claim, { type: 'chose', conversationId, ...how })
}

/** The app wants this workspace to be the current one. */
function wantWorkspace(user: User, workspace: string): void {
  user.currentWorkspace = workspace
  user.wantedWorkspace = workspace
}

/** The place has its conversation: the pointer says so, and what waited for it goes there. */
function settleIn(
  user: User,
  workspace: string,
  conversationId: string,
  claim: Claim | undefined,
  event: PlaceEvent,
): void {
  const before = placeIn(user, workspace)?.conversationId
  movePlace(user, workspace, event)
  const own = before === undefined || before === conversationId ? undefined : user.claims.get(before)
  if (own?.places.delete(workspace)) releaseClaim(user, own)
  writePointer(user, workspace, conversationId)
  if (claim) void followClaim(user, workspace, claim)
  const waiting = user.waiting
  user.waiting = waiting.filter((one) => one.workspace !== undefined && one.workspace !== workspace)
  for (const one of waiting) {
    if (!user.waiting.includes(one)) recordIn(user, conversationId, workspace, one.recorded)
  }
  user.context.publish()
}

async function claimInBackground(user: User, workspace: string, conversationId: string): Promise<void> {
  const wasPrerendered = await user.context.browser.activated()
  if (wasPrerendered) {
    // What was begun unseen may be stored, and open in another tab since.
    movePlace(user, workspace, { type: 'asked', conversationId })
    user.context.publish()
  }
  const claim = await takeClaim(user, conversationId)
  if (!claim) {
    // A copy of this tab was faster. A page that is away, and has closed its channel, asks again when it comes back.
    if (!user.hasLeft && user.channel) lose(user, workspace, conversationId)
    return
  }
  // Also while something else is opened: the workspace may stay with what it has.
  if (placeIn(user, workspace)?.conversationId !== conversationId) return releaseClaim(user, claim)
  movePlace(user, workspace, { type: 'granted', conversationId })
  void followClaim(user, workspace, claim)
  if (wasPrerendered) user.context.publish()
}
