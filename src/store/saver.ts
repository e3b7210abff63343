import type { Change, Refusal, SessionAdapter } from '../core/adapter.js'
import type { Clock } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'
import type { ConversationSession } from '../core/session.js'
import { storageError } from '../core/storage-error.js'
import { applyUnsaved } from '../core/unsaved.js'
import { backoffMs } from './backoff.js'
import { bounded, callTimeoutMs } from './bounded.js'
import {
  acknowledge,
  type Batch,
  type ConversationRecord,
  isUnsaved,
  rebase,
  seal,
  withoutBatches,
} from './conversation-record.js'
import { handled } from './handled.js'
import type { Loan } from './holdings.js'
import { removeOldest } from './remove-oldest.js'

/** Brings what was recorded into the adapter: coalesced, one call at a time, again until it is there. */
export interface Saver {
  /** For activity and counts: at most one save a second. */
  saveSoon(): void
  /** For a new chat or a title. */
  saveNow(): void
  /** Removes rows, after any save of theirs that is under way. Tried again by itself; rejects if the first attempt fails. */
  remove(conversationIds: readonly string[]): Promise<void>
  /** One attempt now to save everything so far. The adapter is called before this returns, if it is not busy. */
  flush(): Promise<void>
  /** Runs `run` while no save is under way. */
  exclusively<T>(run: () => Promise<T>): Promise<T>
  /** How many conversations wait to be saved or removed. */
  pending(): number
  /** The conversations that wait to be removed. */
  removals(): readonly string[]
  dispose(): void
}

/** What a {@link Saver} works on and whom it tells. */
export interface SaverOptions {
  readonly adapter: SessionAdapter
  readonly userId: string
  readonly clock: Clock
  readonly createId: () => string
  readonly records: Map<string, ConversationRecord>
  /** After records changed, or an attempt ended. */
  readonly onProgress: (
    outcome?: 'nothing-left' | { readonly savedAt: number } | { readonly error: LeftoffError },
  ) => void
  readonly lend: () => Loan
  /** Whether the row may go when storage is full. */
  readonly mayRemove: (row: ConversationSession, loan: Loan) => Promise<boolean>
  /** Whether another tab has the conversation, so that it is not saved for now. */
  readonly isHeldBack: (conversationId: string) => boolean
  /** Whether the user is still the one it was. Asked before each write. */
  readonly isSignedIn: () => boolean
  /** Saves of this conversation that another document has taken over. */
  readonly takenOver: (conversationId: string) => readonly string[]
  /** Storage has what it was given of this conversation, or will never take it. */
  readonly onSettled: (conversationId: string) => void
  /** Someone else saved messages of this conversation meanwhile. */
  readonly onChangedElsewhere: (conversationId: string) => void
  /** A row that is not to be saved again: someone removed it, or newer code wrote it. */
  readonly onRefused: (conversationId: string, reason: 'removed' | 'newer-version') => void
}

const coalesceMs = 1_000
/** How many of the oldest rows go at once when storage is full. */
const roomRows = 10
/** Another tab may save the same row between our reading and writing, but not for ever. */
const maxRebases = 10

export function createSaver(options: SaverOptions): Saver {
  const { adapter, userId, clock, createId, records, onProgress, mayRemove, takenOver, onSettled, onRefused } = options
  const { lend, isHeldBack, isSignedIn, onChangedElsewhere } = options
  const removals = new Set<string>()
  let tail: Promise<unknown> | undefined
  let waiting: Promise<void> | undefined
  let cancelTimer: (() => void) | undefined
  let lastBegan = Number.NEGATIVE_INFINITY
  let failures = 0
  let isDisposed = false
  /** Whether rows were removed for room that nothing came of yet: then what fills the storage is not ours. */
  let hasMadeRoom = false

  function exclusively<T>(run: () => Promise<T>): Promise<T> {
    // With nothing under way it runs in this very task: a page that is going away has no other.
    const turn = tail ? tail.then(run) : run()
    const settled: Promise<unknown> = turn
      .catch(() => {})
      .then(() => {
        if (tail === settled) tail = undefined
      })
    tail = settled
    return turn
  }

  function flush(): Promise<void> {
    stopTimer()
    if (!tail) return handled(exclusively(saveAll))
    // One that waits for its turn saves what everybody who asks meanwhile has in mind.
    waiting ??= handled(
      exclusively(() => {
        waiting = undefined
        return saveAll()
      }),
    )
    return waiting
  }

  async function saveAll(): Promise<void> {
    const unsaved = [...records.values()].filter(isDue)
    if (isDisposed) return
    if (unsaved.length === 0 && removals.size === 0) {
      // What could not be saved is gone: removed, or cleared.
      if (failures > 0) onProgress('nothing-left')
      failures = 0
      return
    }
    lastBegan = clock.monotonic()
    // What waits behind an interrupted save was recorded before this call, so it belongs to it.
    let rounds = Math.max(1, ...unsaved.map((record) => record.sealed.length + (record.unsaved ? 1 : 0)))
    try {
      for (let rebases = 0; rounds > 0; rounds--) {
        if (await saveRound()) {
          if (++rebases > maxRebases) throw neverSettles(adapter.name)
          rounds++
        }
      }
    } catch (cause) {
      if (isDisposed) return
      const error = storageError(adapter.name, cause)
      if (error.code === 'signed-out') {
        onProgress({ error })
        throw error
      }
      failures++
      // Not at the first: Firefox says so of tiny writes when several tabs write at once.
      if (failures > 1 && error.code === 'quota-exceeded' && (await makeRoom())) return saveAll()
      if (isDisposed) return
      startTimer(backoffMs(failures), { keepsAlive: false })
      onProgress({ error })
      throw error
    }
    if (isDisposed) return
    failures = 0
    hasMadeRoom = false
    onProgress({ savedAt: clock.now() })
    if (removals.size > 0 || [...records.values()].some(isDue)) saveSoon()
  }

  async function makeRoom(): Promise<boolean> {
    if (hasMadeRoom) return false
    hasMadeRoom = true
    const loan = lend()
    const mayGo = (row: ConversationSession) => mayRemove(row, loan)
    const removed = await removeOldest(adapter, userId, { limit: roomRows, mayGo }).catch(() => [])
    loan.end()
    for (const id of removed) records.delete(id)
    return removed.length > 0
  }

  /** One call of the adapter. Whether a row had changed, so that another is due at once. */
  async function saveRound(): Promise<boolean> {
    const removing = [...removals]
    const changes: Change[] = []
    for (const [id, record] of records) {
      if (!isDue(record)) continue
      const own = withoutBatches(record, takenOver(id))
      const begun = own.sealed.length > 0 ? own : seal(own, createId)
      records.set(id, begun)
      if (begun.sealed[0]) changes.push(changeOf(begun, begun.sealed[0]))
    }
    const removed = removing.length > 0 ? call(() => adapter.remove(userId, removing)) : Promise.resolve()
    // After a failure each row by itself, so that one that cannot be stored does not keep the others from it.
    const calls = failures > 0 ? changes.map((change) => [change]) : changes.length > 0 ? [changes] : []
    const saved = await Promise.allSettled(calls.map((some) => call(() => adapter.save(some))))
    const removal = await Promise.allSettled([removed])
    if (isDisposed) return false
    if (removal[0].status === 'fulfilled') {
      for (const id of removing) {
        removals.delete(id)
        onSettled(id)
      }
    }
    let isRebased = false
    for (const [index, some] of calls.entries()) {
      const answer = saved[index]
      if (answer?.status === 'fulfilled' && settle(some, answer.value)) isRebased = true
    }
    onProgress()
    const failed = [...saved, ...removal].find((answer) => answer.status === 'rejected')
    if (failed) throw failed.reason
    return isRebased
  }

  function isDue(record: ConversationRecord): boolean {
    return isUnsaved(record) && !isHeldBack(record.row.conversationId)
  }

  function call<T>(run: () => Promise<T>): Promise<T> {
    if (!isSignedIn()) return Promise.reject(signedOut())
    return bounded(run(), callTimeoutMs, clock, adapter.name)
  }

  function settle(changes: readonly Change[], refusals: readonly Refusal[]): boolean {
    const refused = new Map(refusals.map((refusal) => [refusal.conversationId, refusal]))
    let isRebased = false
    for (const { session } of changes) {
      const id = session.conversationId
      const record = records.get(id)
      if (!record) continue // removed meanwhile
      const refusal = refused.get(id)
      if (!refusal) {
        records.set(id, acknowledge(record, session))
        onSettled(id)
      } else if (refusal.reason === 'changed' || refusal.reason === 'missing') {
        // Someone else saved in between, or the storage was cleared: the same change, on what is there now.
        const stored = refusal.reason === 'changed' ? refusal.stored : { ...record.row, revision: 0 }
        records.set(id, rebase(record, stored))
        if (stored.messageCount !== record.row.messageCount) onChangedElsewhere(id)
        isRebased = true
      } else {
        onRefused(id, refusal.reason)
        onSettled(id)
      }
    }
    return isRebased
  }

  function saveSoon(): void {
    if (!cancelTimer) startTimer(Math.max(0, lastBegan + coalesceMs - clock.monotonic()))
  }

  function startTimer(ms: number, options?: { readonly keepsAlive: boolean }): void {
    stopTimer()
    if (!isDisposed) cancelTimer = clock.setTimeout(flush, ms, options)
  }

  function stopTimer(): void {
    cancelTimer?.()
    cancelTimer = undefined
  }

  function pending(): number {
    return [...records.values()].filter(isUnsaved).length + removals.size
  }

  return {
    saveSoon,
    saveNow: () => void (failures > 0 ? saveSoon() : flush()),
    remove(conversationIds) {
      for (const id of conversationIds) {
        records.delete(id)
        removals.add(id)
      }
      return flush()
    },
    flush,
    exclusively,
    pending,
    removals: () => [...removals],
    dispose() {
      stopTimer()
      isDisposed = true
    },
  }
}

/** What a write gets whose user signed out on this device. */
export function signedOut(): LeftoffError {
  return new LeftoffError('signed-out', 'The user signed out on this device. Nothing more of theirs is stored here.')
}

function neverSettles(name: string): LeftoffError {
  return new LeftoffError(
    'unreachable',
    `${name}: a row changed each time before it could be saved. It is tried again by itself.`,
  )
}

function changeOf({ row }: ConversationRecord, { saveId, unsaved }: Batch): Change {
  return { session: { ...applyUnsaved(row, unsaved), revision: row.revision + 1 }, base: row.revision, saveId }
}
