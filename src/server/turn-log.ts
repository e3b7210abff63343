import type { TabKey } from '../core/tab-key.js'

/**
 * What a turn has sent, so that a page that comes back reads on where it was. A buffer: nothing is decided by it, and
 * losing it loses no outcome. Each sentence here is a test.
 *
 * An event is the JSON text of one {@link TurnStreamEvent}; the log stores the text and never looks inside. Events of a
 * turn are numbered from 1 without a gap. Every call but `read` is one round trip and settles within 5 s. Failures
 * reject; a rejected call may have taken effect and may be repeated.
 */
export interface TurnLog {
  /** Begins the log of a turn. Starting again changes nothing. */
  start(key: TabKey, turnId: string): Promise<void>
  /**
   * Adds events, the first of which has the number `firstSeq`. Writing a number again changes nothing. Rejects with
   * `turn-log-full` once a turn, or the log, holds too much: what was added before can still be read.
   */
  append(key: TabKey, turnId: string, firstSeq: number, events: readonly string[]): Promise<void>
  /**
   * Adds the turn's last event after all others. Its readers end with it, and the log is kept for `retentionMs` from
   * now (5 minutes unless the log was made with another). Ending again changes nothing. The last event fits in a log
   * that is full.
   */
  end(key: TabKey, turnId: string, lastSeq: number, lastEvent: string): Promise<void>
  /** Forgets all turns of a key. Their readers end. */
  delete(key: TabKey): Promise<void>
  /**
   * The turn's events after number `after` (0 for all), in order, each once, until the last one: a running turn is
   * followed. A number that is skipped is one that the log does not hold. Resolves with `undefined` if it knows no such
   * turn. Ends without an error once `signal` aborts or the log is deleted; rejects if the log cannot be read.
   */
  read(
    key: TabKey,
    turnId: string,
    options: { readonly after: number; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<LoggedEvent> | undefined>
}

/** An event as the log gives it back. */
export interface LoggedEvent {
  readonly seq: number
  /** The JSON text that was appended. */
  readonly event: string
  /** Whether it ends the turn. */
  readonly last: boolean
}
