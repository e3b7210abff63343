import type { SessionChange } from '../core/apply-change.js'
import { nowMs } from '../core/clock.js'
import { LeftoffError as Failure, type LeftoffError } from '../core/error.js'
import { randomScope } from '../core/keys-and-ids.js'
import type { Refusal, RefusalReason } from '../core/session-adapter.js'
import { storageError } from '../core/storage-error.js'
import { acknowledge, beginAnew, changeOf, type Entry, withoutUnsent } from './entry.js'
import { dropEntry, dueEntries, putEntry } from './history.js'
import { settleJournal, settleReplay } from './journal.js'
import { replaceLost } from './opening.js'
import { announceChanged } from './other-tabs.js'
import type { Removal, Replay, User } from './user.js'

/** What storage said of something that it will never take. */
interface Refused {
  readonly conversationId: string
  readonly reason: RefusalReason
  /** Whether an earlier page had recorded it. */
  readonly isReplay: boolean
}

/** What is to be sent now. */
interface Due {
  readonly removing: readonly string[]
  readonly replays: readonly Replay[]
  readonly entries: readonly Entry[]
}

/** How many conversations are waiting to be saved or removed. */
export function pendingCount(user: User): number {
  const ids = new Set(user.removals.keys())
  for (const { conversationId } of [...user.replays.values(), ...dueEntries(user)]) ids.add(conversationId)
  return ids.size + (user.waiting.length > 0 ? 1 : 0)
}

/** What is to be sent now, if there is anything. */
export function dueNow(user: User): Due | undefined {
  const now = nowMs(user.context.clock)
  const removing = [...user.removals].flatMap(([id, { dueAt = now }]) => (dueAt <= now ? id : []))
  const replays = [...user.replays.values()].filter(({ change, dueAt = now }) => change || dueAt <= now)
  const entries = dueEntries(user)
  return removing.length + replays.length + entries.length > 0 ? { removing, replays, entries } : undefined
}

/** When the next removal that can still be undone is due, in ms since the epoch. */
export function nextRemovalAt(user: User): number | undefined {
  const removals = [...user.removals.values(), ...user.replays.values()]
  const times = removals.flatMap(({ dueAt }) => dueAt ?? [])
  return times.length > 0 ? Math.min(...times) : undefined
}

/**
 * Sends everything that is due once, and takes in the answer. The adapter is called before this returns. Sending something twice, or
 * while an earlier call is under way, does no harm.
 */
export async function sendRound(
  user: User,
  { removing, replays, entries }: Due,
): Promise<{ readonly error: LeftoffError | undefined; readonly isUnfinished: boolean }> {
  const { adapter, emit } = user.context
  const items: Item[] = entries.map((entry) => ({ change: changeOf(entry, user.epoch), replay: undefined }))
  for (const replay of replays) if (replay.change) items.push({ change: replay.change, replay })
  // After a failure each is saved on its own, so that one that cannot be stored does not keep the others from it.
  const batches = user.saving.failures > 0 ? items.map((item) => [item]) : items.length > 0 ? [items] : []
  const replayed = replays.filter(({ change }) => !change)
  const removals = new Map<string, Removal>(replayed.map((replay) => [replay.conversationId, replay]))
  for (const id of removing) {
    const { dueAt: _, ...removal } = user.removals.get(id) ?? {}
    removals.set(id, removal)
    user.removals.set(id, removal) // from here on it may have been carried out, even if it fails
  }
  const removeIds = [...removals.keys()]
  const removal = removeIds.length > 0 ? adapter.remove(user.userId, removeIds) : undefined
  const saves = batches.map((batch) => adapter.save(batch.map(({ change }) => change)))
  const [[removed], saved] = await Promise.all([Promise.allSettled([removal]), Promise.allSettled(saves)])
  const isRemoved = removed.status === 'fulfilled'
  if (isRemoved) for (const id of removing) user.removals.delete(id)
  if (user.isGone) return { error: undefined, isUnfinished: false }
  const refused: Refused[] = []
  const changed: string[] = []
  if (isRemoved) {
    for (const id of removing) {
      dropEntry(user, id)
      settleJournal(user, id)
    }
    changed.push(...removeIds)
    for (const [conversationId, { workspace }] of removals) {
      emit({ type: 'conversation-removed', conversationId, ...(workspace !== undefined && { workspace }) })
    }
    for (const replay of replayed) settleReplay(user, replay)
  }
  let beginsAnew = false
  for (const [index, answer] of saved.entries()) {
    if (answer.status !== 'fulfilled') continue
    if (settleBatch(user, batches[index] ?? [], answer.value, refused, changed)) beginsAnew = true
  }
  for (const one of refused) settleRefusal(user, one)
  announceChanged(user, changed)
  user.context.publish()
  const failed = [removed, ...saved].find((answer) => answer.status === 'rejected')
  // A conversation that was sent may have more.
  const hasMore =
    refused.length > 0 || changed.length === 0
      ? dueNow(user) !== undefined
      : changed.some((id) => Object.keys(user.entries.get(id)?.unsent?.counts ?? {}).length > 1)
  return {
    error: failed && storageError(adapter.name, failed.reason),
    isUnfinished: beginsAnew || (!failed && hasMore),
  }
}

interface Item {
  readonly change: SessionChange
  readonly replay: Replay | undefined
}

/** Takes in the answer. Whether a conversation whose row was cleared is to be sent again, as a new one. */
function settleBatch(
  user: User,
  batch: readonly Item[],
  refusals: readonly Refusal[],
  refused: Refused[],
  changed: string[],
): boolean {
  let beginsAnew = false
  // A conversation may be in a batch twice, from here and from the journal: a refusal is of both.
  const reasons = new Map(refusals.map(({ conversationId, reason }) => [conversationId, reason]))
  for (const { change, replay } of batch) {
    const { conversationId } = change
    const reason = reasons.get(conversationId)
    const entry = user.entries.get(conversationId)
    if (replay) settleReplay(user, replay)
    else if (!entry)
      continue // removed in the meantime
    else if (reason === 'unknown' && entry.begins !== undefined && change.begins === undefined) {
      beginsAnew = true // it was sent twice: since the first answer it begins anew
      continue
    } else if (reason === 'unknown' && (entry.stored || user.begun.has(conversationId))) {
      // This page knows that the row existed, so that it was cleared.
      putEntry(user, beginAnew(entry, randomScope(), nowMs(user.context.clock)))
      beginsAnew = true
      continue
    } else if (reason) dropUnsent(user, entry, reason)
    else {
      const stored = acknowledge(entry, change)
      putEntry(user, stored)
      if (!stored.unsent) settleJournal(user, conversationId)
    }
    if (reason) {
      refused.push({ conversationId, reason, isReplay: replay !== undefined })
      continue
    }
    changed.push(conversationId)
    // What it looks like depends on more than this page knows; or an earlier attempt was stored without our hearing of it.
    const isUncertain = replay || change.titles || !entry?.stored || entry.recalled.length > 0
    if (isUncertain || user.saving.failures > 0) user.reading.again.add(conversationId)
  }
  return beginsAnew
}

function dropUnsent(user: User, entry: Entry, reason: RefusalReason): void {
  settleJournal(user, entry.conversationId)
  if (reason === 'newer-version') putEntry(user, { ...entry, isReadOnly: true })
  else if (reason === 'invalid' && entry.stored) putEntry(user, withoutUnsent(entry))
  else dropEntry(user, entry.conversationId)
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

/** The error that `flush` rejects with for what was refused. */
export function refusalError({ conversationId, reason }: Pick<Refused, 'conversationId' | 'reason'>): LeftoffError {
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
