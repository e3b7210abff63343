import type { LeftoffError } from './error.js'
import type { ConversationSession } from './session.js'

/**
 * Where sessions are stored. Each sentence here is a test of the conformance suite.
 *
 * Failures are `LeftoffError`s with code, cause and what to do. A failed call may be repeated.
 */
export interface SessionAdapter {
  readonly name: string
  /** `account`: shared by all devices of the user. */
  readonly place: 'device' | 'account'
  /** What a resolved save survives: nothing, a clean close, a crash. */
  readonly durability: 'none' | 'eventual' | 'committed'
  /** The user's sessions, newest activity first unless asked, ties by id. A row that does not parse is set aside; its neighbours stay. */
  list(userId: string, query: ListQuery): Promise<readonly ConversationSession[]>
  /** The session, or `undefined` if there is none. */
  get(userId: string, conversationId: string): Promise<ConversationSession | undefined>
  /**
   * Saves each row whole or not at all, independent of the others. What is not refused was saved; a call that rejects
   * because of one row has saved none.
   */
  save(changes: readonly Change[]): Promise<readonly Refusal[]>
  /** Removes the rows and leaves tombstones. Removing nothing is fine. */
  remove(userId: string, conversationIds: readonly string[]): Promise<void>
  /** Removes the user's rows, of one workspace or of all, and leaves tombstones. */
  clear(userId: string, workspace?: string): Promise<void>
  /**
   * Forgets the user on this device: rows, tombstones and what was set aside, with nothing left behind. A handle that read or
   * saved for the user before another handle did this has its saves refused with `signed-out`, where `durability` is
   * `committed`, until it forgets the user as well. Missing where nothing is kept on this device.
   */
  forget?(userId: string): Promise<void>
  /**
   * Tells which conversations changed, at least once each, after the change can be read, other handles in the same page included.
   * No ids at all: anything may have changed, such as when a person cleared the storage.
   * Missing where the storage has no such signal; the store then lists again when the page becomes visible.
   */
  subscribe?(userId: string, listener: (conversationIds: readonly string[]) => void): () => void
  /** Tells of rows that were set aside or left alone while reading, once each. Missing where none can be. */
  onReport?(listener: (report: AdapterReport) => void): () => void
  /** Frees connections and listeners. Safe twice. Missing where there is nothing to free. */
  close?(): Promise<void>
}

/** Which sessions to list. */
export interface ListQuery {
  readonly workspace?: string
  readonly limit: number
  /** By last activity; `newest` first when omitted. */
  readonly order?: 'newest' | 'oldest'
}

/** One row to save. It is accepted if the stored revision equals `base`. */
export interface Change {
  /** The row as it is to be stored; its `revision` is `base + 1`. */
  readonly session: ConversationSession
  /** The stored revision this change was made from; 0 for a new row. */
  readonly base: number
  /** Stays the same through retries: a change that carries the stored row's last one is a repeat, accepted without effect. */
  readonly saveId: string
}

/** Why a row was not saved. */
export type Refusal =
  | { readonly conversationId: string; readonly reason: 'changed'; readonly stored: ConversationSession }
  | { readonly conversationId: string; readonly reason: 'removed' | 'missing' | 'newer-version' }

/** What an adapter found while reading. */
export interface AdapterReport {
  readonly type: 'row-set-aside' | 'newer-version'
  readonly conversationId?: string
  readonly error: LeftoffError
}
