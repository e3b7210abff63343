import type { LoggedEvent } from '../turn-log.js'

/** One reader of a turn, wherever the turn runs. */
export interface EventReader {
  /** What lies behind, in one piece, else what comes next; `undefined` after the end. One call at a time. */
  next(): Promise<readonly LoggedEvent[] | undefined>
  /** The reader leaves. */
  close(): void
}
