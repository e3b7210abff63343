import { pause } from '../core/clock.js'
import { isHere, movePlace, placeIn } from './current-conversation.js'
import { graceMs } from './device-keys.js'
import { readRow } from './history.js'
import { askHolder, type Claim, releaseClaim, takeClaim, whenReleased } from './tab-claims.js'
import type { User } from './user.js'

/** How long a page that reloads has before a watcher takes its conversation. */
const reloadMs = 500
const maxMoreMs = 2_500
/** How long a page has to object to what was granted. */
const objectionMs = 50
/** How long the page that has a conversation has to answer before it is taken from it. */
const answerMs = 1_000

/** The place has the claim, and moves when it ends without this page giving it back. A place uses a claim once. */
export async function followClaim(user: User, workspace: string, claim: Claim): Promise<void> {
  if (claim.places.has(workspace)) return releaseClaim(user, claim)
  claim.places.add(workspace)
  const why = await claim.end.promise
  const { conversationId } = claim
  if (why === 'released' || placeIn(user, workspace)?.state === 'asking') return // asked for again already
  movePlace(user, workspace, { type: 'lost', conversationId })
  if (!isHere(user, workspace, conversationId)) return
  if (why !== 'given-back') user.context.emit({ type: 'taken-over', conversationId })
  else user.gaveWay.set(workspace, conversationId)
  user.context.publish()
  // Whoever asked for it has until then to take it.
  if (why !== 'given-back') await watch(user, workspace, conversationId, why === 'taken' ? maxMoreMs : reloadMs)
}

/** Waits until the conversation is free, for `leastMs` longer, and takes it then. */
export async function watch(
  user: User,
  workspace: string,
  conversationId: string,
  leastMs: number = reloadMs,
): Promise<void> {
  const stop = new AbortController()
  const isWatching = () => isHere(user, workspace, conversationId) && placeIn(user, workspace)?.state === 'watching'
  const key = `${workspace}\n${conversationId}`
  user.watches.get(key)?.abort()
  user.watches.set(key, stop)
  for (let tries = 0; isWatching() && !stop.signal.aborted; tries++) {
    await whenReleased(user, conversationId, stop.signal)
    // Of two watchers whose locks are slow each may find the other's question: they ask at times of their own.
    const own = user.pageId.charCodeAt(tries % user.pageId.length)
    await pause(user.context.clock, (tries === 0 ? leastMs : reloadMs) + ((tries * own) % maxMoreMs))
    // Its own page comes back for it, or one that takes it over: both ask before they have it.
    if (user.askedFor.delete(conversationId)) continue
    if (!isWatching() || stop.signal.aborted) break
    const claim = await takeClaim(user, conversationId)
    // A page without locks has time to object: otherwise the two would take turns.
    if (claim) await pause(user.context.clock, objectionMs)
    if (claim?.state === 'held' && (await settleTaken(user, workspace, claim))) break
  }
  if (user.watches.get(key) === stop) user.watches.delete(key)
}

/** Takes the conversation from the page that has it. Whether it is this page's now. */
export async function takeOver(user: User, workspace: string): Promise<boolean> {
  const place = placeIn(user, workspace)
  if (!place) return false
  if (place.state === 'held') return true
  const { conversationId } = place
  await Promise.race([askHolder(user, conversationId, 'take'), pause(user.context.clock, answerMs)])
  if (!isHere(user, workspace, conversationId)) return false
  const claim = await takeClaim(user, conversationId, { steal: true })
  return claim !== undefined && (await settleTaken(user, workspace, claim))
}

/**
 * The page comes back from the back/forward cache, or a freeze: it asks again for what it had before anything else runs on a claim,
 * because another page may have taken it while nothing ran here.
 */
export async function askAgain(user: User, { wasFrozen }: { readonly wasFrozen: boolean }): Promise<void> {
  await Promise.all(
    [...user.places].map(async ([workspace, place]) => {
      if (place.state === 'opening') return
      const { conversationId } = place
      const claim = user.claims.get(conversationId)
      if (wasFrozen && place.state === 'watching') return void watch(user, workspace, conversationId)
      movePlace(user, workspace, { type: 'asked', conversationId })
      user.context.publish()
      if (claim?.places.delete(workspace)) releaseClaim(user, claim)
      await user.context.browser.activated()
      const again = await takeClaim(user, conversationId, { waitMs: graceMs })
      if (again) return void (await settleTaken(user, workspace, again))
      lose(user, workspace, conversationId)
    }),
  )
}

/** The claim is this page's: so is the conversation, as storage has it now. Whether the place still wants it. */
async function settleTaken(user: User, workspace: string, claim: Claim): Promise<boolean> {
  const { conversationId } = claim
  await readRow(user, conversationId).catch(() => {})
  if (!isHere(user, workspace, conversationId)) {
    releaseClaim(user, claim)
    return false
  }
  if (claim.state !== 'held') {
    // The page may have been away once more, and have asked again.
    if (!user.claims.has(conversationId)) lose(user, workspace, conversationId)
    return false
  }
  movePlace(user, workspace, { type: 'granted', conversationId })
  void followClaim(user, workspace, claim)
  user.context.publish()
  return true
}

/** Another page has the conversation: this one watches. */
export function lose(user: User, workspace: string, conversationId: string): void {
  movePlace(user, workspace, { type: 'lost', conversationId })
  if (!isHere(user, workspace, conversationId)) return
  user.context.emit({ type: 'taken-over', conversationId })
  user.context.publish()
  void watch(user, workspace, conversationId)
}
