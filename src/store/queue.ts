import type { Refusal, RefusalReason } from '../core/adapter.js'
import type { SessionChange } from '../core/change.js'
import { LeftoffError as Failure, type LeftoffError } from '../core/error.js'
import { randomScope } from '../core/ids.js'
import { storageError } from '../core/storage-error.js'
import { acknowledge, beginAnew, changeOf, type Entry, withoutUnsent } from './entry.js'
import { dropEntry, dueEntries, putEntry } from './history.js'
import { settleJournal, settleReplay } from './journal.js'
import { nowMs, type Replay, type User } from './user.js'

/** What storage said of something that it will never take. */
export interface Refused {
  readonly conversationId: string
  readonly reason: RefusalReason
  /** Whether an earlier page had recorded it. */
  readonly isReplay: boolean
}

/** What came of a round of saving. */
export interface Round {
  readonly refused: readonly Refused[]
  /** Conversations whose row is to be read again: what they look like now depends on more than this page knows. */
  readonly readAgain: readonly string[]
  /** Conversations of which other tabs are to hear. */
  readonly changed: readonly string[]
  readonly error: LeftoffError | undefined
}

/** How many conversations are waiting to be saved or removed. */
export function pendingCount(user: User): number {
  const ids = new Set([
    ...user.removals.keys(),
    ...[...user.replays.values()].map(({ conversationId }) => conversationId),
  ])
  for (const { conversationId } of dueEntries(user)) ids.add(conversationId)
  return ids.size + (user.waiting.length > 0 ? 1 : 0)
}

/** Whether there is anything to send now. */
export function hasDue(user: User): boolean {
  const isReplayDue = [...user.replays.values()].some(({ change, dueAt }) => change || isOver(user, dueAt))
  return isReplayDue || dueRemovals(user).length > 0 || dueEntries(user).length > 0
}

/** When the next removal that can still be undone is due, in ms since the epoch. */
export function nextRemovalAt(user: User): number | undefined {
  const removals = [...user.removals.values(), ...user.replays.values()]
  const times = removals.flatMap(({ dueAt }) => (dueAt === undefined ? [] : [dueAt]))
  return times.length > 0 ? Math.min(...times) : undefined
}

/**
 * Sends everything once: removals, what earlier pages left, and what was recorded. The adapter is called before this returns.
 * Sending something twice, or while an earlier call is under way, does no harm.
 */
export async function sendRound(user: User): Promise<Round> {
  const { adapter } = user.context
  const removing = dueRemovals(user)
  const replays = [...user.replays.values()]
  const replayed = replays.filter((replay) => !replay.change && isOver(user, replay.dueAt))
  const items = [
    ...dueEntries(user).map((entry) => ({ change: changeOf(entry, user.epoch), replay: undefined })),
    ...replays.flatMap((replay) => (replay.change ? [{ change: replay.change, replay }] : [])),
  ]
  // After a failure each is saved on its own, so that one that cannot be stored does not keep the others from it.
  const batches = user.saving.failures > 0 ? items.map((item) => [item]) : items.length > 0 ? [items] : []
  const removeIds = [...new Set([...removing, ...replayed.map(({ conversationId }) => conversationId)])]
  const removal = removeIds.length > 0 ? adapter.remove(user.userId, removeIds) : Promise.resolve()
  const saves = batches.map((batch) => adapter.save(batch.map(({ change }) => change)))
  const [[removed], saved] = await Promise.all([Promise.allSettled([removal]), Promise.allSettled(saves)])
  const round = { refused: [] as Refused[], readAgain: [] as string[], changed: [] as string[] }
  if (user.isGone) {
    if (removed.status === 'fulfilled') for (const id of removing) user.removals.delete(id)
    return { ...round, error: undefined }
  }

  if (removed.status === 'fulfilled') {
    for (const id of removing) {
      user.removals.delete(id)
      dropEntry(user, id)
      settleJournal(user, id)
    }
    round.changed.push(...removeIds)
    for (const conversationId of removeIds) user.context.emit({ type: 'conversation-removed', conversationId })
    for (const replay of replayed) settleReplay(user, replay)
  }
  for (const [index, batch] of batches.entries()) {
    const answer = saved[index]
    if (answer?.status !== 'fulfilled') continue
    settleBatch(user, batch, answer.value, round)
  }
  const failed = [removed, ...saved].find((answer) => answer.status === 'rejected')
  return { ...round, error: failed && storageError(adapter.name, failed.reason) }
}

function settleBatch(
  user: User,
  batch: readonly { readonly change: SessionChange; readonly replay: Replay | undefined }[],
  refusals: readonly Refusal[],
  round: { refused: Refused[]; readAgain: string[]; changed: string[] },
): void {
  // A conversation may be in a batch twice, from here and from the journal: a refusal is of both.
  const reasons = new Map(refusals.map(({ conversationId, reason }) => [conversationId, reason]))
  for (const { change, replay } of batch) {
    const { conversationId } = change
    const reason = reasons.get(conversationId)
    if (replay) {
      settleReplay(user, replay)
      if (reason) round.refused.push({ conversationId, reason, isReplay: true })
      else {
        round.readAgain.push(conversationId)
        round.changed.push(conversationId)
      }
      continue
    }
    const entry = user.entries.get(conversationId)
    if (!entry) continue // removed in the meantime
    if (!reason) {
      const stored = acknowledge(entry, change)
      putEntry(user, stored)
      if (!stored.unsent) settleJournal(user, conversationId)
      round.changed.push(conversationId)
      // An earlier attempt may have been stored without our hearing of it.
      if (change.titles || !entry.stored || user.saving.failures > 0) round.readAgain.push(conversationId)
    } else if (reason === 'unknown' && mayBeginAnew(user, entry)) {
      putEntry(user, beginAnew(entry, randomScope(), nowMs(user)))
    } else {
      dropUnsent(user, entry, reason)
      round.refused.push({ conversationId, reason, isReplay: false })
    }
  }
}

/** Whether this page knows that the row existed, so that it was cleared. */
function mayBeginAnew(user: User, entry: Entry): boolean {
  return entry.stored !== undefined || user.begun.has(entry.conversationId)
}

function dropUnsent(user: User, entry: Entry, reason: RefusalReason): void {
  settleJournal(user, entry.conversationId)
  if (reason === 'newer-version') putEntry(user, { ...entry, isReadOnly: true })
  else if (reason === 'invalid' && entry.stored) putEntry(user, withoutUnsent(entry))
  else dropEntry(user, entry.conversationId)
}

function dueRemovals(user: User): string[] {
  return [...user.removals].filter(([, { dueAt }]) => isOver(user, dueAt)).map(([id]) => id)
}

function isOver(user: User, dueAt: number | undefined): boolean {
  return dueAt === undefined || dueAt <= nowMs(user)
}

/** The error that `flush` rejects with for what was refused. */
export function refusalError({ conversationId, reason }: Refused): LeftoffError {
  const what = `What was recorded in conversation ${conversationId} was not saved and was dropped`
  switch (reason) {
    case 'signed-out':
      return new Failure('signed-out', `${what}: the user signed out on this device.`)
    case 'newer-version':
      return new Failure('newer-version', `${what}: a later version of leftoff stored it. Reload the page to update.`)
    case 'invalid':
      return new Failure('invalid-session', `${what}: storage refused it as invalid.`)
    default:
      return new Failure('conversation-lost', `${what}: the conversation no longer exists.`)
  }
}
