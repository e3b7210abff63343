import type { LeftoffError } from '../../core/error.js'
import type { SessionChange } from './change.js'
import type { RankedSession } from './session.js'

/**
 * Where sessions are stored. Each sentence here is a test of the conformance suite; its titles are these sentences.
 *
 * A failed call rejects with a `LeftoffError`. It may be repeated: what it may have done already changes nothing.
 */
export interface SessionAdapter {
  readonly name: string
  /** `account`: shared by all devices of the user. */
  readonly place: 'device' | 'account'
  /** What a resolved save survives: nothing, a clean close, a crash. */
  readonly durability: 'none' | 'best-effort' | 'committed'
  /**
   * Lists the user's sessions, greatest rank first, ties by id. Leaves out rows that it cannot read, in a bounded number of
   * requests. `next` continues the list after its last session; it is missing at the end.
   */
  list(userId: string, query: ListQuery): Promise<SessionPage>
  /** The session; `removed` if a tombstone is there, `newer-version` if a later leftoff wrote it, `undefined` if there is none. */
  get(userId: string, conversationId: string): Promise<RankedSession | 'removed' | 'newer-version' | undefined>
  /**
   * Applies each change to its row, whole or not at all, as `applyChange` does. Rows are independent: a refusal of one does not
   * keep the others from being saved.
   *
   * Refuses a change of a removed row as `removed`, of a missing row without `begins` as `unknown`, of a row by a later leftoff
   * as `newer-version`, one that the checker refuses as `invalid`. A device adapter refuses a change of another epoch than
   * the stored one as `signed-out`; an account adapter ignores epochs.
   */
  save(changes: readonly SessionChange[]): Promise<readonly Refusal[]>
  /** Removes the rows and leaves tombstones for at least 30 days. Removing what is not there leaves tombstones too. */
  remove(userId: string, conversationIds: readonly string[]): Promise<void>
  /** Removes the user's rows, of one workspace or of all, and leaves tombstones. */
  clear(userId: string, workspace?: string): Promise<void>
  /** The user's epoch as stored beside the rows, `''` if none is. Omit it where rows and epochs share localStorage. */
  epochOf?(userId: string): Promise<string>
  /** Deletes all of the user, tombstones and quarantined rows included, and stores `nextEpoch`, in one step. Device adapters have it. */
  forget?(userId: string, nextEpoch: string): Promise<void>
  /**
   * Calls `listener` with the ids of conversations that changed, at least once each, after the change can be read, for other
   * handles in the same page too. No ids: anything may have changed. Omit it if the storage has no such signal.
   */
  subscribe?(userId: string, listener: (conversationIds: readonly string[]) => void): () => void
  /** Calls `listener` once for each row that was quarantined or left alone while reading. */
  onReport?(listener: (report: AdapterReport) => void): () => void
  /** Frees connections and listeners. Safe to call more than once. */
  close?(): Promise<void>
}

/** Which sessions to list. */
export interface ListQuery {
  readonly workspace?: string
  readonly limit: number
  /** `next` of the page before. */
  readonly after?: string
}

/** A page of a list. */
export interface SessionPage {
  readonly sessions: readonly RankedSession[]
  readonly next?: string
}

/** Why a change was not saved. */
export interface Refusal {
  readonly conversationId: string
  readonly reason: RefusalReason
}

export type RefusalReason = 'removed' | 'unknown' | 'newer-version' | 'invalid' | 'signed-out'

/** What an adapter found while reading. */
export interface AdapterReport {
  readonly type: 'row-quarantined' | 'newer-version'
  readonly conversationId?: string
  readonly error: LeftoffError
}
