import type { SessionChange } from './apply-change.js'
import type { LeftoffError } from './error.js'
import type { RankedSession } from './session.js'

/**
 * Where sessions are stored. Each sentence below and at the members is the title of a test of `sessionAdapterConformance`.
 * Omit an optional member if the storage has no such thing.
 *
 * A call that fails rejects with a `LeftoffError`. It may be repeated: what it did already changes nothing. Users are kept
 * apart.
 */
export interface SessionAdapter {
  readonly name: string
  /** `device`, or `account` if all devices of the user share the sessions. Device adapters have `epochOf` and `forget`. */
  readonly place: 'device' | 'account'
  /** What a resolved save survives: `none`, nothing; `best-effort`, a clean close; `committed`, a crash. */
  readonly durability: 'none' | 'best-effort' | 'committed'
  /**
   * Lists the user's sessions, of one workspace or of all, greatest rank first, ties by id. Gives at most `limit`. `next`
   * continues the list where the page ends and is missing at the end of the list. Leaves out rows that it cannot read, in a
   * bounded number of requests; such a page may be shorter than `limit`.
   */
  list(userId: string, query: ListQuery): Promise<SessionPage>
  /**
   * Gives the session, `removed` if a tombstone is there, `newer-version` if a later leftoff wrote it, `undefined` if there is
   * none that can be read.
   */
  get(userId: string, conversationId: string): Promise<RankedSession | 'removed' | 'newer-version' | undefined>
  /**
   * Applies each change to its row, whole or not at all, as `applyChange` does. Loses nothing when several handles save at once.
   * Rows are independent: a refusal of one does not keep the others from being saved.
   *
   * Refuses a change of a removed row as `removed`. Refuses a change of a missing row without `begins` as `unknown`. Refuses a
   * change of a row by a later leftoff as `newer-version`. Refuses a change that `readChange` refuses as `invalid`. A device
   * adapter refuses a change of another epoch than the stored one as `signed-out`, and stores the epoch of the change if none is
   * stored. An account adapter ignores epochs.
   */
  save(changes: readonly SessionChange[]): Promise<readonly Refusal[]>
  /** Removes the rows and leaves tombstones for at least 30 days. Removing what is not there leaves tombstones too. */
  remove(userId: string, conversationIds: readonly string[]): Promise<void>
  /** Removes the user's rows, of one workspace or of all, and leaves tombstones. */
  clear(userId: string, workspace?: string): Promise<void>
  /** Gives the user's epoch as stored beside the rows, `''` if none is. Rows of another epoch are not there. */
  epochOf?(userId: string): Promise<string>
  /**
   * Deletes all of the user, tombstones and quarantined rows included, and stores `nextEpoch`, in one step. What was saved
   * with `nextEpoch` stays.
   */
  forget?(userId: string, nextEpoch: string): Promise<void>
  /**
   * Calls `listener` with the ids of conversations that changed, at least once each, after the change can be read, for other
   * handles in the same page too. No ids: anything may have changed, as after `forget`. The function that it returns ends the
   * calls.
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
  /** `next` of the page before; anything else is refused as `invalid-argument`. */
  readonly after?: string
}

/** A page of a list. */
export interface SessionPage {
  readonly sessions: readonly RankedSession[]
  readonly next?: string
}

/** All of the user's sessions, a page at a time. */
export async function* sessionPages(
  adapter: SessionAdapter,
  userId: string,
  limit: number,
): AsyncGenerator<SessionPage> {
  let after: string | undefined
  do {
    const page = await adapter.list(userId, { limit, ...(after !== undefined && { after }) })
    yield page
    after = page.next
  } while (after !== undefined)
}

/** Why a change was not saved. */
export interface Refusal {
  readonly conversationId: string
  readonly reason: RefusalReason
}

/** Why a change was refused, as at `SessionAdapter.save`. */
export type RefusalReason = 'removed' | 'unknown' | 'newer-version' | 'invalid' | 'signed-out'

/** What an adapter found while reading. */
export interface AdapterReport {
  readonly type: 'row-quarantined' | 'newer-version'
  readonly conversationId?: string
  readonly error: LeftoffError
}
