import { backoffMs } from '../core/clock.js'
import type { LeftoffError } from '../core/error.js'
import { announceChanged } from './elsewhere.js'
import { replaceLost } from './opening.js'
import { ignoreRejection } from './promises.js'
import { hasDue, nextRemovalAt, type Refused, type Round, refusalError, sendRound } from './queue.js'
import { nowMs, type User } from './user.js'

/** Activity and counts are saved at most once in this time. */
const coalesceMs = 1_000
/** How often it is looked whether a removal is due: a wall clock may jump, and browsers run a timer of 25 days at once. */
const lookAgainMs = 60_000
/** A conversation with very many messages is sent in parts; one that was cleared away is begun anew. */
const maxRounds = 100

/** Saves within a second, or later if an attempt failed. */
export function saveSoon(user: User): void {
  const { cancelTimer, timerAt, failures, lastBeganAt } = user.saving
  const at = Math.max(user.context.clock.monotonic(), lastBeganAt + coalesceMs)
  // A timer for a removal that can be undone may be set for later; one after a failure stays.
  if (user.isGone || (cancelTimer && (failures > 0 || timerAt <= at))) return
  startTimer(user, at - user.context.clock.monotonic(), true)
}

/** Saves at once, for a first message, a title or a removal. */
export function saveNow(user: User): void {
  if (user.saving.failures > 0) saveSoon(user)
  else void saveAll(user)
}

/**
 * One attempt now to save everything recorded so far. The adapter is called before this returns. Rejects with the typed error;
 * leftoff retries automatically.
 */
export function saveAll(user: User): Promise<void> {
  stopTimer(user)
  const { saving } = user
  if (!saving.running) {
    saving.running = ignoreRejection(
      attempt(user).finally(() => {
        saving.running = undefined
        user.context.publish() // what had to wait for the answer is read now
      }),
    )
    return saving.running
  }
  // One that waits for its turn saves what everybody who asks in the meantime has in mind.
  saving.next ??= ignoreRejection(
    saving.running
      .catch(() => {})
      .then(() => {
        saving.next = undefined
        return saveAll(user)
      }),
  )
  return saving.next
}

/** Sends everything once more, whatever is under way: the page goes away and has no later. */
export function sendBeforeLeaving(user: User, rounds = 2): void {
  if (rounds === 0 || user.isGone || !hasDue(user)) return
  void sendRound(user).then(
    (round) => {
      settleRound(user, round)
      // One that was cleared away begins anew while there is time.
      if (!round.error && hasUnfinished(user, round)) sendBeforeLeaving(user, rounds - 1)
    },
    () => {},
  )
}

/** Everything recorded so far is stored, or a rejection says why not. */
export async function flush(user: User): Promise<void> {
  await saveAll(user)
  // Whoever signed out, or left, in the meantime has dropped what was not stored.
  if (user.isGone && hasDue(user)) throw await user.ended.promise
  const { refusal } = user
  user.refusal = undefined
  if (refusal) throw refusal
}

async function attempt(user: User): Promise<void> {
  const { saving } = user
  if (user.isGone) return
  if (!hasDue(user)) {
    settle(user, saving.failures > 0 || saving.error !== undefined, false)
    scheduleRemoval(user)
    return
  }
  saving.lastBeganAt = user.context.clock.monotonic()
  let error: LeftoffError | undefined
  for (let rounds = 0; rounds < maxRounds && hasDue(user) && !error; rounds++) {
    const round = await sendRound(user)
    if (user.isGone) return
    settleRound(user, round)
    ;({ error } = round)
    // What was recorded in the meantime waits for its own second, unless part of what was sent is left.
    if (!hasUnfinished(user, round)) break
  }
  if (user.isGone) return
  if (error) {
    saving.failures++
    saving.error = error
    startTimer(user, backoffMs(saving.failures), false)
    user.context.emit({ type: 'save-failed', error })
    user.context.publish()
    throw error
  }
  settle(user, true, true)
  if (hasDue(user)) saveSoon(user)
  else scheduleRemoval(user)
}

function settle(user: User, hasChanged: boolean, isSaved: boolean): void {
  user.saving.failures = 0
  user.saving.error = undefined
  if (isSaved) user.saving.lastSavedAt = nowMs(user)
  if (hasChanged) user.context.publish()
}

/** Takes in what storage answered. */
function settleRound(user: User, round: Round): void {
  for (const refused of round.refused) settleRefusal(user, refused)
  for (const id of round.readAgain) user.reading.again.add(id)
  announceChanged(user, round.changed)
  user.context.publish()
}

function settleRefusal(user: User, refused: Refused): void {
  const { conversationId, reason, isReplay } = refused
  const error = refusalError(refused)
  const { emit } = user.context
  user.refusal = error
  if (reason === 'signed-out') {
    user.signedOutElsewhere = 'refused'
    return
  }
  if (reason === 'newer-version') emit({ type: 'newer-version', conversationId, error })
  else emit({ type: 'save-failed', conversationId, error })
  if (isReplay || reason === 'newer-version' || reason === 'invalid') return
  // One that storage does not know may be begun by its own page later.
  if (reason === 'removed') user.removedIds.add(conversationId)
  replaceLost(user, conversationId)
  emit({ type: 'conversation-lost', conversationId, reason: reason === 'removed' ? 'removed' : 'not-found' })
}

/** Whether a conversation that was sent has more for the next round. */
function hasUnfinished(user: User, round: Round): boolean {
  if (round.refused.length > 0 || round.changed.length === 0) return hasDue(user)
  return round.changed.some((id) => {
    const counts = user.entries.get(id)?.unsent?.counts ?? {}
    return Object.keys(counts).length > 1
  })
}

/** A removal that can be undone is carried out when its time is over. */
function scheduleRemoval(user: User): void {
  const at = nextRemovalAt(user)
  if (at !== undefined) startTimer(user, Math.min(Math.max(0, at - nowMs(user)), lookAgainMs), true)
}

function startTimer(user: User, ms: number, keepsAlive: boolean): void {
  stopTimer(user)
  if (user.isGone) return
  user.saving.timerAt = user.context.clock.monotonic() + ms
  user.saving.cancelTimer = user.context.clock.setTimeout(
    () => {
      user.saving.cancelTimer = undefined
      void saveAll(user)
    },
    ms,
    { keepsAlive },
  )
}

function stopTimer(user: User): void {
  user.saving.cancelTimer?.()
  user.saving.cancelTimer = undefined
}
