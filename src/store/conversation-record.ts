import type { ConversationSession } from '../core/session.js'
import { applyUnsaved, mergeUnsaved, type Unsaved } from '../core/unsaved.js'

/** What the store knows of one conversation. Never changed, only replaced, so that `view` can be compared by reference. */
export interface ConversationRecord {
  /** As last read or acknowledged; revision 0 when it was never stored. */
  readonly row: ConversationSession
  /** What is to be saved, each by itself and in this order. Storage or the journal may have it already. */
  readonly sealed: readonly Batch[]
  /** What was recorded since; it belongs to the next batch. */
  readonly unsaved?: Unsaved | undefined
  /** The row as a person sees it: with all that was recorded. */
  readonly view: ConversationSession
}

/** What one save brings into storage. It never changes, so that a repeat under the same id is one. */
export interface Batch {
  readonly saveId: string
  readonly unsaved: Unsaved
}

/** A record of a row; with `unsaved`, one that is to be saved. */
export function createRecord(
  row: ConversationSession,
  { unsaved, sealed = [] }: { readonly unsaved?: Unsaved | undefined; readonly sealed?: readonly Batch[] } = {},
): ConversationRecord {
  const saved = sealed.reduce((view, batch) => applyUnsaved(view, batch.unsaved), row)
  return { row, sealed, unsaved, view: unsaved ? applyUnsaved(saved, unsaved) : saved }
}

/** The record after `change` was recorded. */
export function recordUnsaved(record: ConversationRecord, change: Unsaved): ConversationRecord {
  return createRecord(record.row, { ...record, unsaved: mergeUnsaved(record.unsaved ?? {}, change) })
}

/** The record with what was recorded so far as a batch; what comes later belongs to the next one. */
export function seal(record: ConversationRecord, createId: () => string): ConversationRecord {
  const { row, sealed, unsaved, view } = record
  return unsaved ? { row, sealed: [...sealed, { saveId: createId(), unsaved }], view } : record
}

/** The record after its first batch was accepted as `row`. */
export function acknowledge({ sealed, unsaved }: ConversationRecord, row: ConversationSession): ConversationRecord {
  return createRecord(row, { sealed: sealed.slice(1), unsaved })
}

/** The record with what is stored now; what was recorded stays on top. */
export function rebase(record: ConversationRecord, row: ConversationSession): ConversationRecord {
  return createRecord(row, record)
}

/** The record without the batches that are another's to save now. */
export function withoutBatches(record: ConversationRecord, saveIds: readonly string[]): ConversationRecord {
  if (saveIds.length === 0) return record
  const sealed = record.sealed.filter(({ saveId }) => !saveIds.includes(saveId))
  return createRecord(record.row, { ...record, sealed })
}

/** Whether something of it waits to be stored. */
export function isUnsaved({ sealed, unsaved }: ConversationRecord): boolean {
  return sealed.length > 0 || unsaved !== undefined
}

/** Whether it was ever more than an id that a tab minted when it opened. */
export function isListed(record: ConversationRecord): boolean {
  return record.row.revision > 0 || isUnsaved(record)
}

/** Whether anything was ever said, done or named in it. */
export function isUsed({ messageCount, title, startedAt, lastActivity }: ConversationSession): boolean {
  return messageCount > 0 || title !== undefined || lastActivity > startedAt
}
