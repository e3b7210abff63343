import type { ListQuery, SessionAdapter } from '../core/adapter.js'
import type { Clock } from '../core/clock.js'
import type { LeftoffError } from '../core/error.js'
import type { ConversationSession } from '../core/session.js'
import { storageError } from '../core/storage-error.js'
import { backoffMs } from './backoff.js'
import { type ConversationRecord, createRecord } from './conversation-record.js'
import { lookUp } from './open-conversation.js'

/** What a {@link createHistoryReader} reads into and whom it tells. */
export interface HistoryReaderOptions {
  readonly adapter: SessionAdapter
  readonly userId: string
  readonly clock: Clock
  /** How many sessions over all workspaces are kept at hand. */
  readonly limit: number
  readonly records: Map<string, ConversationRecord>
  /** Takes in a row that was read. */
  readonly adopt: (row: ConversationSession) => void
  /** Saves what stands in the records again. */
  readonly saveNow: () => void
  /** A person removed the conversation elsewhere. */
  readonly onRemoved: (conversationId: string) => void
  /** Whether the conversation is on screen, so that it stays although storage no longer lists it. */
  readonly isCurrent: (conversationId: string) => boolean
  /** The newest sessions were read; there may be more if there are `limit` of them. */
  readonly onRefreshed: (newest: readonly ConversationSession[]) => void
  /** What is known has changed, or whether storage can be read has. */
  readonly onChange: () => void
}

/** Reads one user's history: the newest sessions, what other tabs and devices changed, and all again later when that fails. */
export function createHistoryReader(options: HistoryReaderOptions) {
  const { adapter, userId, clock, limit, records, adopt, saveNow, onRemoved, isCurrent, onRefreshed, onChange } =
    options
  /** Told to have changed while a save of ours was under way: most likely by it, and if not, to be read again after it. */
  const missed = new Set<string>()
  let error: LeftoffError | undefined
  let failures = 0
  let refreshes = 0
  let cancelRetry: (() => void) | undefined
  let unsubscribe: (() => void) | undefined
  let isStopped = false

  async function load(conversationId: string): Promise<ConversationSession | undefined> {
    const row = await adapter.get(userId, conversationId)
    if (row && !isStopped) adopt(row)
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
      if (isStopped || run !== refreshes) return
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
      error = undefined
      failures = 0
      onRefreshed(newest)
      onChange()
    } catch (cause) {
      failed(cause)
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
    if (isStopped || records.get(conversationId) !== known) return
    if (found === 'removed') {
      records.delete(conversationId)
      onRemoved(conversationId)
    } else if (found === 'missing') {
      // The storage was cleared under an open tab: what the tab shows is all there is, so it goes back.
      records.set(conversationId, createRecord({ ...known.row, revision: 0 }, { unsaved: known.unsaved ?? {} }))
      saveNow()
    } else if (found !== 'newer-version') {
      adopt(found)
    }
  }

  /** Other tabs and devices tell which conversations changed; what they are now is read here. None: all may have. */
  async function readAgain(conversationIds: readonly string[]): Promise<void> {
    try {
      if (conversationIds.length === 0) return await refresh()
      for (const id of conversationIds) {
        if (records.get(id)?.sealed.length) {
          missed.add(id)
          continue
        }
        const row = await adapter.get(userId, id)
        if (isStopped) return
        if (row) adopt(row)
        else await vanished(id)
      }
      onChange()
    } catch (cause) {
      failed(cause)
    }
  }

  function failed(cause: unknown): 'failed' {
    if (isStopped) return 'failed'
    error = storageError(adapter.name, cause)
    cancelRetry?.()
    cancelRetry = clock.setTimeout(() => void refresh(), backoffMs(++failures), { keepsAlive: false })
    onChange()
    return 'failed'
  }

  return {
    load,
    refresh,
    readAgain,
    failed,
    /** Why storage cannot be read, if it cannot. */
    error: () => error,
    /** What is being read is not what there is any more. */
    discardRefresh(): void {
      refreshes++
    },
    /** A save of the conversation ended. */
    onSettled(conversationId: string): void {
      if (!records.get(conversationId)?.sealed.length && missed.delete(conversationId)) void readAgain([conversationId])
    },
    start(): void {
      unsubscribe ??= adapter.subscribe?.(userId, (ids) => void readAgain(ids))
    },
    stop(): void {
      unsubscribe?.()
      cancelRetry?.()
    },
    /** What is still being read changes nothing any more. */
    dispose(): void {
      isStopped = true
    },
  }
}
