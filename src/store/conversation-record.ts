import type { ConversationSession } from '../core/session.js'
import { applyUnsaved, mergeUnsaved, type Unsaved } from '../core/unsaved.js'

/** What the store knows of one conversation. Never changed, only replaced, so that `view` can be compared by reference. */
export interface ConversationRecord {
  /** As last read or acknowledged; revision 0 when it was never stored. */
  readonly row: ConversationSession
  /** What is being saved; the id makes a repeat harmless. */
  readonly saving?: { readonly saveId: string; readonly unsaved: Unsaved } | undefined
  /** What was recorded since; it belongs to the next save. */
  readonly unsaved?: Unsaved | undefined
  /** The row as a person sees it: with all that was recorded. */
  readonly view: ConversationSession
}

/** A record without a save under way. */
export function createRecord(row: ConversationSession, unsaved?: Unsaved): ConversationRecord {
  return withView({ row, unsaved })
}

/** The record after `change` was recorded. */
export function recordUnsaved(record: ConversationRecord, change: Unsaved): ConversationRecord {
  return withView({ ...record, unsaved: mergeUnsaved(record.unsaved ?? {}, change) })
}

/** The record while what was recorded so far is saved; an interrupted save goes first, under the id it had. */
export function beginSave(record: ConversationRecord, createId: () => string): ConversationRecord {
  if (record.saving || !record.unsaved) return record
  return withView({ row: record.row, saving: { saveId: createId(), unsaved: record.unsaved } })
}

/** The record after its save was accepted as `row`. */
export function endSave({ unsaved }: ConversationRecord, row: ConversationSession): ConversationRecord {
  return withView({ row, unsaved })
}

/** The record with what is stored now; what was recorded stays on top. */
export function rebase({ saving, unsaved }: ConversationRecord, row: ConversationSession): ConversationRecord {
  return withView({ row, saving, unsaved })
}

/** Whether something of it waits to be stored. */
export function isUnsaved(record: ConversationRecord): boolean {
  return record.saving !== undefined || record.unsaved !== undefined
}

/** Whether it was ever more than an id that a tab minted when it opened. */
export function isListed(record: ConversationRecord): boolean {
  return record.row.revision > 0 || isUnsaved(record)
}

/** Whether anything was ever said, done or named in it. */
export function isUsed({ messageCount, title, startedAt, lastActivity }: ConversationSession): boolean {
  return messageCount > 0 || title !== undefined || lastActivity > startedAt
}

function withView({ row, saving, unsaved }: Omit<ConversationRecord, 'view'>): ConversationRecord {
  const saved = saving ? applyUnsaved(row, saving.unsaved) : row
  return { row, saving, unsaved, view: unsaved ? applyUnsaved(saved, unsaved) : saved }
}
