import type { ListQuery, SessionAdapter } from '../core/adapter.js'
import type { Clock } from '../core/clock.js'
import type { LeftoffError } from '../core/error.js'
import type { ConversationSession } from '../core/session.js'
import { storageError } from '../core/storage-error.js'
import { applyUnsaved, mergeUnsaved, type Unsaved } from '../core/unsaved.js'
import { backoffMs } from './backoff.js'
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
import type { Loan } from './holdings.js'
import type { createJournal } from './journal.js'
import { lookUp } from './open-conversation.js'
import { removeOldest } from './remove-oldest.js'
import { createSaver, signedOut } from './saver.js'
import type { SavingState } from './session-store.js'

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

const dayMs = 24 * 60 * 60 * 1_000
const expiredAtOnce = 50
/** How long to wait for the page that this one comes after, such as on a reload. */
export const ownWaitMs = 250

/** One user's conversations as this page knows them, kept in step with the adapter in both directions. */
export type History = ReturnType<typeof createHistory>

export function createHistory(options: HistoryOptions) {
  const {
    adapter,
    userId,
    clock,
    createId,
    persistContent,
    journal,
    limit,
    retentionDays,
    onChange,
    onLost,
    isCurrent,
    lend,
    isSignedIn,
  } = options
  const records = new Map<string, ConversationRecord>()
  /** Recorded about conversations that must first be read. */
  const unread = new Map<string, Unsaved>()
  const reading = new Map<string, Promise<void>>()
  /** Stored by newer code: shown, never saved. */
  const readOnly = new Set<string>()
  /** From the journal: an earlier page had left it to save. */
  const restored = new Set<string>()
  /** Told to have changed while a save of ours was under way: most likely by it, and if not, to be read again after it. */
  const missed = new Set<string>()
  /** Removed from here. Their ids never come back, whatever was read before or says so later. */
  const gone = new Set<string>()
  let saving: SavingState = { pending: 0, lastSavedAt: undefined, error: undefined }
  let readError: LeftoffError | undefined
  let readFailures = 0
  let refreshes = 0
  let cancelRetry: (() => void) | undefined
  let unsubscribe: (() => void) | undefined
  let hasRemovedExpired = false
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
      const record = records.get(conversationId)
      journal?.settle(conversationId, record)
      if (!record?.sealed.length && missed.delete(conversationId)) void onStored([conversationId])
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

  function changed(): void {
    const pending = saver.pending() + unread.size
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
    if (!known) {
      unread.set(conversationId, mergeUnsaved(unread.get(conversationId) ?? {}, kept))
      if (!reading.has(conversationId)) reading.set(conversationId, readMissing(conversationId))
    } else if (readOnly.has(conversationId)) {
      records.set(conversationId, createRecord(applyUnsaved(known.view, kept)))
    } else {
      records.set(conversationId, recordUnsaved(known, kept))
      if (isUrgent || known.row.revision === 0) saver.saveNow()
      else saver.saveSoon()
    }
    changed()
  }

  /** Reads a conversation that something was recorded about before it was known here. */
  async function readMissing(conversationId: string): Promise<void> {
    const row = await load(conversationId).catch(readFailed)
    reading.delete(conversationId)
    const change = unread.get(conversationId)
    if (isDisposed || !change || row === 'failed') return
    unread.delete(conversationId)
    if (row) record(conversationId, change)
    else onLost(conversationId, 'not-found')
    changed()
  }

  async function load(conversationId: string): Promise<ConversationSession | undefined> {
    const row = await adapter.get(userId, conversationId)
    if (row && !isDisposed) adopt(row)
    return records.get(conversationId)?.view
  }

  /** Reads the newest sessions again, and again later if that fails. */
  async function refresh(ring?: ListQuery): Promise<void> {
    const run = ++refreshes
    const before = new Map(records)
    try {
      const [newest, own = []] = await Promise.all([
        adapter.list(userId, { limit }),
        ring && adapter.list(userId, ring),
      ])
      if (isDisposed || run !== refreshes) return
      const listed = new Set<string>()
      for (const row of [...newest, ...own]) {
        listed.add(row.conversationId)
        adopt(row)
      }
      for (const [id, known] of before) {
        // Not one that was saved while the list was being read.
        if (listed.has(id) || records.get(id) !== known || known.row.revision === 0) continue
        await vanished(id)
      }
      for (const id of unread.keys()) reading.set(id, readMissing(id))
      readError = undefined
      readFailures = 0
      changed()
      if (!hasRemovedExpired) {
        hasRemovedExpired = true
        // A list that is not full has all rows.
        if (newest.length === limit || newest.some(isExpired)) await removeExpired()
      }
    } catch (cause) {
      readFailed(cause)
    }
  }

  /** A row we know is not listed any more: removed, cleared away with the whole storage, or merely old. */
  async function vanished(conversationId: string): Promise<void> {
    const known = records.get(conversationId)
    if (!known || known.sealed.length > 0) return
    if (!known.unsaved && !isCurrent(conversationId)) {
      records.delete(conversationId)
      return
    }
    const found = await lookUp(adapter, known.row)
    if (isDisposed || records.get(conversationId) !== known) return
    if (found === 'removed') {
      records.delete(conversationId)
      onLost(conversationId, 'removed')
    } else if (found === 'missing') {
      // The storage was cleared under an open tab: what the tab shows is all there is, so it goes back.
      records.set(conversationId, createRecord({ ...known.row, revision: 0 }, { unsaved: known.unsaved ?? {} }))
      saver.saveNow()
    } else if (found !== 'newer-version') {
      adopt(found)
    }
  }

  /** Other tabs and devices tell which conversations changed; what they are now is read here. */
  async function onStored(conversationIds: readonly string[]): Promise<void> {
    try {
      if (conversationIds.length === 0) return await refresh()
      for (const id of conversationIds) {
        if (records.get(id)?.sealed.length) {
          missed.add(id)
          continue
        }
        const row = await adapter.get(userId, id)
        if (isDisposed) return
        if (row) adopt(row)
        else await vanished(id)
      }
      changed()
    } catch (cause) {
      readFailed(cause)
    }
  }

  function readFailed(cause: unknown): 'failed' {
    if (isDisposed) return 'failed'
    readError = storageError(adapter.name, cause)
    cancelRetry?.()
    cancelRetry = clock.setTimeout(() => void refresh(), backoffMs(++readFailures), { keepsAlive: false })
    changed()
    return 'failed'
  }

  function takenOver(conversationId: string): readonly string[] {
    return journal?.takenOver(conversationId) ?? []
  }

  /** Whether a row may go that nobody asked to remove: not while a page has it open. */
  async function mayRemove(row: ConversationSession, loan: Loan): Promise<boolean> {
    const known = records.get(row.conversationId)
    return !isCurrent(row.conversationId) && !(known && isUnsaved(known)) && loan.take(row)
  }

  function isExpired({ lastActivity }: ConversationSession): boolean {
    return lastActivity < clock.now() - retentionDays * dayMs
  }

  /** Rows that nobody used for `retentionDays` go. */
  async function removeExpired(): Promise<void> {
    const loan = lend()
    const mayGo = async (row: ConversationSession) => isExpired(row) && (await mayRemove(row, loan))
    try {
      let removed: readonly string[]
      do {
        removed = await removeOldest(adapter, userId, { limit: expiredAtOnce, mayGo })
        for (const id of removed) records.delete(id)
        changed()
      } while (removed.length === expiredAtOnce && !isDisposed)
    } catch {
      // Nobody waits for it; the next page tries again.
    } finally {
      loan.end()
    }
  }

  return {
    records: records as ReadonlyMap<string, ConversationRecord>,
    adopt,
    add,
    record,
    load,
    refresh,
    /** Reads one conversation again. */
    reread: (conversationId: string) => onStored([conversationId]),
    readFailed,
    /** Everything so far, what is recorded about conversations not yet read included. */
    flush(): Promise<void> {
      return reading.size === 0 ? saver.flush() : handled(Promise.all(reading.values()).then(saver.flush))
    },
    saving: () => saving,
    /** Why the chat goes on in memory, if it does. */
    trouble: () => readError ?? saving.error,

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
      const { entries: found, errors } = journal.read()
      if (found.length === 0) return errors
      const loan = lend()
      const isFree = new Map<string, boolean>()
      const claimAll = found.map(async ({ conversationId, row }) => {
        isFree.set(conversationId, !row || (await loan.take(row, isOwn(conversationId) ? ownWaitMs : 0)))
      })
      await Promise.all(claimAll)
      const removed: string[] = []
      // Read again: its page may have saved some of it until it gave the claim back.
      for (const { conversationId, row, sealed } of journal.read().entries) {
        if (!isFree.get(conversationId)) {
          journal.leave(conversationId)
          continue
        }
        restored.add(conversationId)
        if (!row) {
          removed.push(conversationId)
          continue
        }
        const known = records.get(conversationId)
        const record = createRecord(row, { ...known, sealed: [...sealed, ...(known?.sealed ?? [])] })
        records.set(conversationId, record)
        // From here on it is this document's: the one that left it must not send it too, should it come back.
        journal.write(record)
      }
      await (removed.length > 0 ? saver.remove(removed) : saver.flush()).catch(() => {})
      changed()
      loan.end() // what could not be saved yet is held on to
      return errors
    },

    start(): void {
      unsubscribe ??= adapter.subscribe?.(userId, (ids) => void onStored(ids))
    },

    /** Takes a conversation off that is not stored. */
    forget(conversationId: string): void {
      records.delete(conversationId)
    },

    remove(conversationId: string): Promise<void> {
      unread.delete(conversationId)
      gone.add(conversationId)
      const removed = saver.remove([conversationId])
      changed()
      return removed
    },

    async clear(workspace?: string): Promise<void> {
      const cleared = [...records.values()].filter(({ row }) => workspace === undefined || row.workspace === workspace)
      refreshes++ // a list that is being read shows what is gone
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
        void refresh() // show what is still there
        throw storageError(adapter.name, cause)
      }
    },

    async dispose(): Promise<void> {
      unsubscribe?.()
      cancelRetry?.()
      await Promise.all(reading.values())
      await saver.flush().catch(() => {})
      isDisposed = true
      saver.dispose()
    },

    /** Stops at once, with what was not saved dropped. Resolves when nothing is under way any more. */
    async abandon(): Promise<void> {
      unsubscribe?.()
      cancelRetry?.()
      isDisposed = true
      saver.dispose()
      await saver.exclusively(async () => {})
    },
  }
}
