import type { SessionAdapter } from '../core/adapter.js'
import type { Clock } from '../core/clock.js'
import type { LeftoffError } from '../core/error.js'
import type { ConversationSession } from '../core/session.js'
import { storageError } from '../core/storage-error.js'
import { applyUnsaved, type Unsaved } from '../core/unsaved.js'
import { bounded, callTimeoutMs } from './bounded.js'
import {
  type ConversationRecord,
  createRecord,
  isUnsaved,
  rebase,
  recordUnsaved,
  seal,
  withoutBatches,
} from './conversation-record.js'
import { handled } from './handled.js'
import { createHistoryReader } from './history-reader.js'
import type { Loan } from './holdings.js'
import type { createJournal } from './journal.js'
import { replayJournal } from './replay-journal.js'
import { createRetention } from './retention.js'
import { createSaver, signedOut } from './saver.js'
import type { SavingState } from './session-store.js'
import { createUnreadChanges } from './unread-changes.js'

/** What a {@link createHistory} works on and whom it tells. */
export interface HistoryOptions {
  readonly adapter: SessionAdapter
  readonly userId: string
  readonly clock: Clock
  readonly createId: () => string
  readonly persistContent: boolean
  /** For what does not reach the adapter while the page goes away; missing for an adapter that writes at once. */
  readonly journal?: ReturnType<typeof createJournal> | undefined
  /** How many sessions over all workspaces are kept at hand. */
  readonly limit: number
  readonly retentionDays: number
  /** Something to show has changed. */
  readonly onChange: () => void
  readonly onSaveFailed: (error: LeftoffError) => void
  /** The conversation is gone: a person removed it, here or elsewhere, or there never was one. */
  readonly onLost: (conversationId: string, reason: 'removed' | 'not-found') => void
  /** Another tab or device went on in the conversation on screen. */
  readonly onChangedElsewhere: (conversationId: string) => void
  readonly onNewerVersion: (conversationId: string) => void
  /** Whether the conversation is on screen, so that it stays although storage no longer lists it. */
  readonly isCurrent: (conversationId: string) => boolean
  /** Claims the conversations that are worked on without being open. */
  readonly lend: () => Loan
  readonly isHeldBack: (conversationId: string) => boolean
  readonly isSignedIn: () => boolean
}

/** One user's conversations as this page knows them, kept in step with the adapter in both directions. */
export type History = ReturnType<typeof createHistory>

export function createHistory(options: HistoryOptions) {
  const { adapter, userId, clock, createId, persistContent, journal, limit, onChange, onLost, isCurrent } = options
  const { lend, isSignedIn } = options
  const records = new Map<string, ConversationRecord>()
  /** Stored by newer code: shown, never saved. */
  const readOnly = new Set<string>()
  /** From the journal: an earlier page had left it to save. */
  const restored = new Set<string>()
  /** Removed from here. Their ids never come back, whatever was read before or says so later. */
  const gone = new Set<string>()
  let saving: SavingState = { pending: 0, lastSavedAt: undefined, error: undefined }
  let isDisposed = false

  const saver = createSaver({
    adapter,
    userId,
    clock,
    createId,
    records,
    onProgress(outcome) {
      if (outcome === 'nothing-left') saving = { ...saving, error: undefined }
      else if (outcome && 'savedAt' in outcome) saving = { ...saving, error: undefined, lastSavedAt: outcome.savedAt }
      else if (outcome) {
        saving = { ...saving, error: outcome.error }
        options.onSaveFailed(outcome.error)
      }
      changed()
    },
    lend,
    mayRemove,
    takenOver,
    isHeldBack: options.isHeldBack,
    isSignedIn,
    onChangedElsewhere,
    onSettled(conversationId) {
      journal?.settle(conversationId, records.get(conversationId))
      reader.onSettled(conversationId)
    },
    onRefused(conversationId, reason) {
      const record = records.get(conversationId)
      if (reason === 'removed') {
        records.delete(conversationId)
        // Nobody here saw what an earlier page left to save.
        if (!restored.has(conversationId) || isCurrent(conversationId)) onLost(conversationId, 'removed')
      } else if (record) {
        readOnly.add(conversationId)
        records.set(conversationId, createRecord(record.view))
        options.onNewerVersion(conversationId)
      }
    },
  })

  const retention = createRetention({
    adapter,
    userId,
    clock,
    lend,
    mayRemove,
    retentionDays: options.retentionDays,
    onRemoved(conversationIds) {
      for (const id of conversationIds) records.delete(id)
      changed()
    },
    isDisposed: () => isDisposed,
  })

  const reader = createHistoryReader({
    adapter,
    userId,
    clock,
    limit,
    records,
    adopt,
    isCurrent,
    saveNow: saver.saveNow,
    onRemoved: (conversationId) => onLost(conversationId, 'removed'),
    onRefreshed(newest) {
      unread.retry()
      retention.removeOnce(newest, newest.length < limit)
    },
    onChange: changed,
  })

  const unread = createUnreadChanges({
    read: (conversationId) => reader.load(conversationId).catch(reader.failed),
    onFound: (conversationId, change) => record(conversationId, change),
    onNotFound(conversationId) {
      onLost(conversationId, 'not-found')
      changed()
    },
  })

  function changed(): void {
    const pending = saver.pending() + unread.count()
    if (pending !== saving.pending) saving = { ...saving, pending }
    onChange()
  }

  /** Takes in a row that was read. What is on its way there is not disturbed: its answer will tell. */
  function adopt(row: ConversationSession): void {
    const known = records.get(row.conversationId)
    if (gone.has(row.conversationId) || (known && (known.sealed.length > 0 || known.row.revision >= row.revision)))
      return
    records.set(row.conversationId, known ? rebase(known, row) : createRecord(row))
    if (known && row.messageCount !== known.row.messageCount) onChangedElsewhere(row.conversationId)
  }

  function onChangedElsewhere(conversationId: string): void {
    if (isCurrent(conversationId)) options.onChangedElsewhere(conversationId)
  }

  /** Adds a conversation that is not stored yet; with `unsaved` it is saved at once. */
  function add(row: ConversationSession, unsaved?: Unsaved): void {
    if (records.has(row.conversationId)) return
    records.set(row.conversationId, createRecord(row, { unsaved }))
    if (unsaved) saver.saveNow()
    changed()
  }

  function record(conversationId: string, change: Unsaved, { isUrgent = false } = {}): void {
    const { title: _title, lastMessagePreview: _preview, ...withoutText } = change
    const kept = persistContent ? change : withoutText
    const known = records.get(conversationId)
    if (!known) unread.add(conversationId, kept)
    else if (readOnly.has(conversationId)) {
      records.set(conversationId, createRecord(applyUnsaved(known.view, kept)))
    } else {
      records.set(conversationId, recordUnsaved(known, kept))
      if (isUrgent || known.row.revision === 0) saver.saveNow()
      else saver.saveSoon()
    }
    changed()
  }

  function takenOver(conversationId: string): readonly string[] {
    return journal?.takenOver(conversationId) ?? []
  }

  /** Whether a row may go that nobody asked to remove: not while a page has it open. */
  async function mayRemove(row: ConversationSession, loan: Loan): Promise<boolean> {
    const known = records.get(row.conversationId)
    return !isCurrent(row.conversationId) && !(known && isUnsaved(known)) && loan.take(row)
  }

  return {
    records: records as ReadonlyMap<string, ConversationRecord>,
    adopt,
    add,
    record,
    load: reader.load,
    refresh: reader.refresh,
    /** Reads one conversation again. */
    reread: (conversationId: string) => reader.readAgain([conversationId]),
    readFailed: reader.failed,
    /** Everything so far, what is recorded about conversations not yet read included. */
    flush(): Promise<void> {
      return unread.isReading() ? handled(unread.settled().then(saver.flush)) : saver.flush()
    },
    saving: () => saving,
    /** Why the chat goes on in memory, if it does. */
    trouble: () => reader.error() ?? saving.error,

    /** The page is hidden or goes away: what storage does not have yet goes into the journal, and is saved if there is time. */
    park(): void {
      if (!isSignedIn()) return
      for (const [id, known] of records) {
        const sealed = seal(withoutBatches(known, takenOver(id)), createId)
        records.set(id, sealed)
        journal?.write(sealed)
      }
      for (const id of saver.removals()) journal?.writeRemoval(id)
      void saver.flush()
    },

    /** Brings what earlier pages left in the journal into storage; what storage does not take now is tried again with the rest. */
    async restore(isOwn: (conversationId: string) => boolean): Promise<readonly LeftoffError[]> {
      if (!journal || !isSignedIn()) return []
      const loan = lend()
      const { replayed, removed, errors } = await replayJournal({ journal, records, loan, isOwn })
      for (const id of replayed) restored.add(id)
      if (replayed.length > 0) {
        await (removed.length > 0 ? saver.remove(removed) : saver.flush()).catch(() => {})
        changed()
      }
      loan.end() // what could not be saved yet is held on to
      return errors
    },

    start: reader.start,

    /** Takes a conversation off that is not stored. */
    forget(conversationId: string): void {
      records.delete(conversationId)
    },

    remove(conversationId: string): Promise<void> {
      unread.drop(conversationId)
      gone.add(conversationId)
      const removed = saver.remove([conversationId])
      changed()
      return removed
    },

    async clear(workspace?: string): Promise<void> {
      const cleared = [...records.values()].filter(({ row }) => workspace === undefined || row.workspace === workspace)
      reader.discardRefresh() // a list that is being read shows what is gone
      for (const { row } of cleared) {
        gone.add(row.conversationId)
        records.delete(row.conversationId)
      }
      changed()
      // What may be on its way there, unanswered, needs a tombstone of its own: clearing finds no row of it.
      const sent = cleared.filter(({ sealed }) => sealed.length > 0).map(({ row }) => row.conversationId)
      const run = async () => {
        await adapter.clear(userId, workspace)
        if (sent.length > 0) await adapter.remove(userId, sent)
      }
      try {
        if (!isSignedIn()) throw signedOut()
        await saver.exclusively(() => bounded(run(), callTimeoutMs, clock, adapter.name))
        for (const id of sent) journal?.settle(id, undefined)
        void saver.flush() // with nothing left to save, an earlier failure is over
      } catch (cause) {
        for (const { row } of cleared) gone.delete(row.conversationId)
        void reader.refresh() // show what is still there
        throw storageError(adapter.name, cause)
      }
    },

    async dispose(): Promise<void> {
      reader.stop()
      await unread.settled()
      await saver.flush().catch(() => {})
      disposeAll()
    },

    /** Stops at once, with what was not saved dropped. Resolves when nothing is under way any more. */
    async abandon(): Promise<void> {
      reader.stop()
      disposeAll()
      await saver.exclusively(async () => {})
    },
  }

  function disposeAll(): void {
    isDisposed = true
    reader.dispose()
    unread.dispose()
    saver.dispose()
  }
}
