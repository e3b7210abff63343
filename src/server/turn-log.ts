import type { TabKey } from '../core/tab-key.js'

/**
 * What a turn has sent, so that a page that comes back reads on where it was. A buffer: nothing is decided by it, and
 * losing it loses no outcome. Each sentence on a member, and in the last paragraph, is a test.
 *
 * An event is the JSON text of one turn event, on one line. The events of a turn are numbered from 1, and one process
 * writes them. Every call settles within 5 s, and `read` does so with its first piece. Failures reject; a rejected call
 * may have taken effect and may be repeated.
 *
 * The log gives each event back as the text that it was given. Turns are apart, of one key or of two.
 */
export interface TurnLog {
  /** Begins the log of a turn, which can be read from now on. Starting again changes nothing. */
  start(key: TabKey, turnId: string): Promise<void>
  /**
   * Adds events, the first of which has the number `firstSeq`. Calls need not wait for each other: they take effect in
   * their order. Writing a number again changes nothing. Rejects with `turn-log-full` once the turn, or the whole log,
   * would hold too much, and ever after: what was added before can still be read. Rejects with `storage-unavailable` if
   * the turn was not started, or was deleted since. After the end it changes nothing.
   */
  append(key: TabKey, turnId: string, firstSeq: number, events: readonly string[]): Promise<void>
  /**
   * Adds the turn's last event after all others. It fits in a log that is full. Ending again changes nothing. From now
   * on the log is kept for `retentionMs`: 5 minutes, unless it was made with another. A turn that never ends is
   * forgotten within an hour of its last event. Ending a turn that the log does not hold changes nothing.
   */
  end(key: TabKey, turnId: string, lastSeq: number, lastEvent: string): Promise<void>
  /** Forgets all turns of a key. Their readers end. */
  delete(key: TabKey): Promise<void>
  /**
   * Gives the turn's events after number `after` (0 for all), in order, each once. What is there already arrives in one
   * piece. A turn that runs is followed up to its last event. A number that is skipped is one that the log does not
   * hold. Any number of readers read a turn, each as fast as it likes. Resolves with `undefined` if the log does not hold
   * the turn. Ends without an error once `signal` aborts.
   */
  read(
    key: TabKey,
    turnId: string,
    options: { readonly after: number; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<readonly LoggedEvent[]> | undefined>
}

/** An event as the log gives it back. */
export interface LoggedEvent {
  readonly seq: number
  /** The JSON text that was appended. */
  readonly event: string
  /** Whether it ends the turn. */
  readonly last: boolean
}
