import { type Deferred, deferred, pause } from '../core/clock.js'
import { isUntouched } from './history.js'
import {
  type ClaimMessage,
  channelName,
  lockName,
  lookAfterRelease,
  lookElsewhere,
  post,
  readClaimMessage,
  requestLock,
  setElsewhere,
  tellUnavailable,
} from './other-tabs.js'
import type { User } from './user.js'

/** Why a claim ended: given back by this page, taken from it, or found to be another page's. */
type ClaimEnd = 'released' | 'lost' | 'taken' | 'given-back'

/** This page's hold on a conversation. */
export interface Claim {
  readonly conversationId: string
  /** When it was asked for, in ms since the epoch: of two holders the earlier keeps it. */
  readonly since: number
  state: 'asking' | 'held' | 'ended'
  /** Whether it was announced to other pages, so that a later one must yield. */
  isAnnounced: boolean
  /** How many parts of the store use it: given back by the last of them. */
  uses: number
  /** The workspaces that have it open, each of which is one use. */
  readonly places: Set<string>
  /** Whether it was obtained. */
  result: Promise<boolean>
  readonly end: Deferred<ClaimEnd>
  /** Gives the Web Lock back. */
  giveBackLock: () => void
}

/** How long to wait for a lock's answer, and for an objection where there are no locks. */
const answerMs = 1_000
/** How often a page without locks looks whether what it watches is free. */
const lookAgainMs = 10_000

/**
 * The claim on a conversation, or `undefined` if another page has it. With `waitMs` it waits that long for the other to give it
 * back; `steal` takes it in any case. Release it after use. Asks at once: callers in a prerendered page first wait until it is seen.
 */
export async function takeClaim(
  user: User,
  conversationId: string,
  { waitMs = 0, steal = false }: { readonly waitMs?: number; readonly steal?: boolean } = {},
): Promise<Claim | undefined> {
  let claim = user.claims.get(conversationId)
  if (claim) claim.uses++
  else if (user.hasLeft) return undefined
  else {
    claim = {
      conversationId,
      // Stolen: before everyone, so that a holder that wakes up from a freeze gives way.
      since: steal ? 0 : user.context.clock.now(),
      state: 'asking',
      isAnnounced: false,
      uses: 1,
      places: new Set(),
      result: Promise.resolve(false),
      end: deferred(),
      giveBackLock: () => {},
    }
    openClaimChannel(user)
    user.claims.set(conversationId, claim)
    claim.result = obtain(user, claim, waitMs, steal)
  }
  return (await claim.result) ? claim : undefined
}

/** Gives the claim back, if there is one and no other part of the store uses it. */
export function releaseClaim(user: User, claim: Claim | undefined): void {
  if (claim && --claim.uses <= 0) endClaim(user, claim, 'released')
}

/** Nothing waits for a conversation any more: a request that is granted to a page where nothing runs would keep it from others. */
export function stopWatching(user: User): void {
  for (const stop of user.watches.values()) stop.abort()
  user.watches.clear()
}

/** Gives everything back and leaves the channel: a page that is away must not hold what a live one could have. */
export function closeClaims(user: User): void {
  stopWatching(user)
  for (const claim of [...user.claims.values()]) endClaim(user, claim, 'released')
  user.channel?.close()
  user.channel = undefined
}

/** Asks the page that has the conversation for it. Resolves when it was given back. */
export function askHolder(user: User, id: string, why: 'back' | 'take'): Promise<void> {
  openClaimChannel(user)
  post(user, { type: 'ask', id, from: user.pageId, why })
  return releaseOf(user, id).promise
}

/** Resolves when the page that has the conversation may have given it back, or `signal` aborts. */
export async function whenReleased(user: User, conversationId: string, signal: AbortSignal): Promise<void> {
  openClaimChannel(user)
  const released = releaseOf(user, conversationId)
  const over = new AbortController()
  const aborted = deferred<void>()
  over.signal.addEventListener('abort', () => aborted.resolve())
  signal.addEventListener('abort', () => over.abort(), over)
  await Promise.race([released.promise, aborted.promise, waitForLock(user, conversationId, over.signal)])
  over.abort() // takes the question back: a page may watch for days
  if (user.released.get(conversationId) === released) user.released.delete(conversationId)
}

/** The next message that the conversation was given back. */
function releaseOf(user: User, conversationId: string): Deferred<void> {
  const released = user.released.get(conversationId) ?? deferred<void>()
  user.released.set(conversationId, released)
  return released
}

/** Begins to listen to other pages. */
export function openClaimChannel(user: User): void {
  if (user.channel || user.hasLeft) return
  user.channel = user.context.browser.channel(channelName(user), (data) => {
    const message = readClaimMessage(data)
    if (message) onMessage(user, message)
  })
}

async function obtain(user: User, claim: Claim, waitMs: number, steal: boolean): Promise<boolean> {
  const isFree = await isGranted(user, claim, waitMs, steal)
  if (isFree && claim.state === 'asking') {
    claim.state = 'held'
    announceHeld(user, claim)
  } else endClaim(user, claim, 'lost')
  lookElsewhere(user)
  return claim.state === 'held'
}

async function isGranted(user: User, claim: Claim, waitMs: number, steal: boolean): Promise<boolean> {
  const { browser, clock } = user.context
  const locks = browser.locks()
  const ended = claim.end.promise.then(() => 'denied' as const)
  if (locks) {
    // A denial that comes late still counts, and so does a lock that another page stole.
    const onLost = () => endClaim(user, claim, 'lost')
    const request = requestLock(locks, lockName(user, claim.conversationId), { waitMs, steal, clock, onLost })
    claim.giveBackLock = request.giveBack
    const silence = pause(clock, answerMs + waitMs).then(() => 'silent' as const)
    const answer = await Promise.race([request.answer, silence, ended])
    if (answer === 'held' || answer === 'denied') return answer === 'held'
  }
  // No locks, or none that answer: a page that does not object within a second does not have it.
  if (!user.channel) {
    tellUnavailable(user)
    return true
  }
  announceHeld(user, claim)
  const silence = pause(clock, answerMs).then(() => 'held' as const)
  return (await Promise.race([silence, ended])) === 'held'
}

/** A queued request, given back as soon as it is granted: the page that had the conversation may be reloading. */
async function waitForLock(user: User, conversationId: string, signal: AbortSignal): Promise<void> {
  const { browser, clock } = user.context
  try {
    await browser.locks()?.request(lockName(user, conversationId), { signal }, () => undefined)
    if (browser.locks()) return
  } catch {}
  // No locks here: a message says when, but not that of a page that crashed.
  if (!signal.aborted) await pause(clock, lookAgainMs)
}

function onMessage(user: User, message: ClaimMessage): void {
  if (user.isGone) return
  const own = 'id' in message ? user.claims.get(message.id) : undefined
  switch (message.type) {
    case 'held':
      if (message.from === user.pageId) return
      if (own?.isAnnounced && isBefore(user, own, message)) announceHeld(user, own)
      else {
        if (own) endClaim(user, own, 'lost')
        setElsewhere(user, [...user.openElsewhere, message.id])
      }
      return
    case 'ask':
      // The browser may have granted the lock already: the answer is what comes of it. Who watches leaves it to the one that asks.
      if (!own) user.askedFor.add(message.id)
      else if (own.state === 'asking') void own.result.then(() => onMessage(user, message))
      if (own?.state !== 'held') return
      if (message.why === 'take') endClaim(user, own, 'taken')
      else if (isUnused(user, message.id)) endClaim(user, own, 'given-back')
      return
    case 'released':
      user.released.get(message.id)?.resolve()
      user.released.delete(message.id)
      setElsewhere(
        user,
        user.openElsewhere.filter((id) => id !== message.id),
      )
      lookAfterRelease(user)
      return
    case 'signed-out':
      // A message alone deletes nothing: the epoch says whether somebody signed out. With the history kept there is no new one.
      user.signedOutElsewhere = message.keepHistory ? 'kept' : 'said'
      user.context.publish()
      return
    case 'changed':
      for (const id of message.ids) user.reading.again.add(id)
      user.context.publish()
  }
}

/** Whether the claim was there before the other page's. Pages of one browser have one clock; ties go by page id. */
function isBefore(
  { pageId }: User,
  { since }: Claim,
  other: { readonly since: number; readonly from: string },
): boolean {
  return since === other.since ? pageId < other.from : since < other.since
}

/** Whether nobody would miss it here: nothing was recorded in it, and nothing is being typed. */
function isUnused(user: User, conversationId: string): boolean {
  const { drafts, keepsContent } = user.context
  const draft = keepsContent ? drafts?.read(user, conversationId, false) : undefined
  return isUntouched(user, conversationId) && !draft
}

function announceHeld(user: User, claim: Claim): void {
  claim.isAnnounced = true
  post(user, { type: 'held', id: claim.conversationId, since: claim.since, from: user.pageId })
}

function endClaim(user: User, claim: Claim, why: ClaimEnd): void {
  if (claim.state === 'ended') return
  const wasHeld = claim.state === 'held'
  claim.state = 'ended'
  if (user.claims.get(claim.conversationId) === claim) user.claims.delete(claim.conversationId)
  claim.giveBackLock()
  claim.end.resolve(why)
  if (!wasHeld) return
  const { conversationId } = claim
  post(user, { type: 'released', id: conversationId })
  user.releasing.add(conversationId)
  lookAfterRelease(user, () => user.releasing.delete(conversationId))
}
