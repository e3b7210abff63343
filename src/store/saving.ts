import { backoffMs, ignoreRejection, nowMs } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'
import { settledPlace } from './current-conversation.js'
import { type Recorded, recordIn, workspaceOf } from './history.js'
import { dueNow, nextRemovalAt, sendRound } from './queue.js'
import type { User } from './user.js'

/** Activity and counts are saved at most once in this time. */
const coalesceMs = 1_000
/** How often it is looked whether a removal is due: a wall clock may jump, and browsers run a timer of 25 days at once. */
const lookAgainMs = 60_000
/** A conversation with very many messages is sent in parts; one that was cleared away is begun anew. */
const maxRounds = 100

/** Everything recorded is in the queue at once: under its conversation, or under the workspace whose conversation opens. */
export function enqueue(
  user: User,
  conversationId: string | undefined,
  workspace: string | undefined,
  recorded: Recorded,
  save: (user: User) => void,
): void {
  const wanted = workspace ?? user.wantedWorkspace
  const id = conversationId ?? settledPlace(user, wanted)?.conversationId
  if (id === undefined) {
    user.waiting = [...user.waiting, { workspace: wanted, recorded }]
    return
  }
  const isStored = user.entries.get(id)?.stored
  recordIn(user, id, workspaceOf(user, id), recorded)
  if (isStored) save(user)
  else saveNow(user)
}

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
  const due = rounds > 0 && !user.isGone && dueNow(user)
  if (!due) return
  void sendRound(user, due).then(
    // One that was cleared away begins anew while there is time.
    ({ isUnfinished }) => void (isUnfinished && sendBeforeLeaving(user, rounds - 1)),
    () => {},
  )
}

/** Everything recorded so far is stored, or a rejection says why not. */
export async function flush(user: User): Promise<void> {
  // What was said before a conversation is open goes to the one that opens, the last of them; opening is bounded.
  do await Promise.allSettled([...user.openings.values()].map(({ result }) => result))
  while (user.waiting.length > 0 && user.openings.size > 0)
  await saveAll(user)
  // Whoever signed out, or left, in the meantime has dropped what was not stored.
  if (user.isGone && dueNow(user)) throw await user.ended.promise
  const { refusal } = user
  user.refusal = undefined
  if (refusal) throw refusal
  if (user.waiting.length === 0) return
  const message = 'Something was recorded, but no conversation is open. Call initConversation.'
  throw new LeftoffError('invalid-argument', message)
}

async function attempt(user: User): Promise<void> {
  const { saving, context } = user
  if (user.isGone) return
  const first = dueNow(user)
  if (first) saving.lastBeganAt = context.clock.monotonic()
  for (let due = first, rounds = 0; due && rounds < maxRounds; due = dueNow(user), rounds++) {
    const { error, isUnfinished } = await sendRound(user, due)
    if (user.isGone) return
    if (error) {
      saving.failures++
      saving.error = error
      startTimer(user, backoffMs(saving.failures), false)
      context.emit({ type: 'save-failed', error })
      context.publish()
      if (user.hasLeft && isUnfinished) sendBeforeLeaving(user, 1)
      throw error
    }
    // What was recorded in the meantime waits for its own second, unless part of what was sent is left.
    if (!isUnfinished) break
  }
  const hasChanged = first || saving.error
  saving.failures = 0
  saving.error = undefined
  if (first) saving.lastSavedAt = nowMs(user.context.clock)
  if (hasChanged) context.publish()
  if (dueNow(user)) saveSoon(user)
  else scheduleRemoval(user)
}

/** A removal that can be undone is carried out when its time is over. */
function scheduleRemoval(user: User): void {
  const at = nextRemovalAt(user)
  if (at !== undefined) startTimer(user, Math.min(Math.max(0, at - nowMs(user.context.clock)), lookAgainMs), true)
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
