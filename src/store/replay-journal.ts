import type { LeftoffError } from '../core/error.js'
import { type ConversationRecord, createRecord } from './conversation-record.js'
import { type Loan, ownWaitMs } from './holdings.js'
import type { createJournal } from './journal.js'

/** What is replayed into what. */
export interface Replay {
  readonly journal: ReturnType<typeof createJournal>
  readonly records: Map<string, ConversationRecord>
  /** Claims what is replayed: what a live page left in the journal is its own to save. */
  readonly loan: Loan
  /** Whether this tab had the conversation, so that the page that holds it is going away. */
  readonly isOwn: (conversationId: string) => boolean
}

/** What came of it. */
export interface Replayed {
  readonly replayed: readonly string[]
  /** Those of them that are to be removed. */
  readonly removed: readonly string[]
  /** Entries that could not be read. */
  readonly errors: readonly LeftoffError[]
}

/** Puts what earlier pages left in the journal into the records, to be saved from there. */
export async function replayJournal({ journal, records, loan, isOwn }: Replay): Promise<Replayed> {
  const replayed: string[] = []
  const removed: string[] = []
  const { entries: found, errors } = journal.read()
  if (found.length === 0) return { replayed, removed, errors }
  const isFree = new Map<string, boolean>()
  const claimAll = found.map(async ({ conversationId, row }) => {
    isFree.set(conversationId, !row || (await loan.take(row, isOwn(conversationId) ? ownWaitMs : 0)))
  })
  await Promise.all(claimAll)
  // Read again: its page may have saved some of it until it gave the claim back.
  for (const { conversationId, row, sealed } of journal.read().entries) {
    if (!isFree.get(conversationId)) {
      journal.leave(conversationId)
      continue
    }
    replayed.push(conversationId)
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
  return { replayed, removed, errors }
}
