import type { TurnStreamEvent } from '../../core/turn-stream.js'
import type { LoggedEvent } from '../turn-log.js'
import type { EventReader } from './event-reader.js'

/** What a turn of this process has sent of late, for readers in this process. */
export interface TurnFeed {
  /** Numbers an event and keeps it for the readers; the last one ends them. */
  push(event: TurnStreamEvent, last?: boolean): LoggedEvent
  /** Has the readers look for what was pushed. */
  wake(): void
  /** What follows a number, if it was not released. */
  since(seq: number): readonly LoggedEvent[]
  /** Events up to this number are in the log, or lost: they are kept only while there is room. */
  release(seq: number): void
  /** A reader of what follows `after`. */
  read(after: number): EventReader
  /** The last number. */
  lastSeq(): number
}

/** What a feed asks and reports. */
export interface TurnFeedOptions {
  /** What is no longer held here, from the log. */
  readonly older: (after: number, signal: AbortSignal) => Promise<AsyncIterable<readonly LoggedEvent[]> | undefined>
  /** A reader took something, or left. */
  readonly onRead: () => void
}

/** A feed, and how much its readers have still to take. */
export function createTurnFeed({ older, onRead }: TurnFeedOptions): TurnFeed & FeedReaders {
  /** The number of the first is `first`. */
  let events: LoggedEvent[] = []
  let first = 1
  let size = 0
  let total = 0
  let released = 0
  let hasEnded = false
  /** The size at which it is time to drop something. */
  let dropAt = mostHeld
  const readers = new Set<Reader>()

  const lastSeq = () => first + events.length - 1

  /** What V8 sees live for long it moves to where it lets garbage lie, so a long turn keeps only what a reader here still needs. */
  function dropOlder(): void {
    let taken = lastSeq()
    for (const { seq } of readers) {
      // Who has fallen behind reads from the log.
      if (seq >= first - 1) taken = Math.min(taken, seq)
    }
    let count = 0
    while (count < events.length - 1 && first + count <= released) {
      if (size <= (first + count <= taken ? leastHeld : mostHeld)) break
      size -= sizeOf(events[count])
      count += 1
    }
    // An array is copied when its beginning goes, so many go at once.
    dropAt = size + Math.max(leastHeld, size / 8)
    if (count === 0) return
    events = events.slice(count)
    first += count
  }

  function read(after: number): EventReader {
    let isClosed = false
    /** Made with the first question to the log, which most readers never ask. */
    let abort: AbortController | undefined
    let behind: AsyncIterator<readonly LoggedEvent[]> | undefined
    const reader: Reader = { seq: after, taken: after === 0 ? 0 : total, wake: () => {} }
    readers.add(reader)

    /** From the log until what follows is here; what the log has not is missed. */
    async function catchUp(): Promise<readonly LoggedEvent[] | undefined> {
      abort ??= new AbortController()
      try {
        behind ??= (await older(reader.seq, abort.signal))?.[Symbol.asyncIterator]()
        const result = await behind?.next()
        if (result && !result.done) return result.value.length > 0 ? give(result.value) : next()
      } catch {
        // A log that cannot be read has nothing.
      }
      reader.seq = Math.max(reader.seq, first - 1)
      return next()
    }

    function give(piece: readonly LoggedEvent[]): readonly LoggedEvent[] {
      reader.seq = piece.at(-1)?.seq ?? reader.seq
      onRead()
      return piece
    }

    // The hot path: what is here is given at once, and a wait is one promise.
    function next(): Promise<readonly LoggedEvent[] | undefined> {
      if (isClosed) return over
      if (reader.seq < first - 1) return catchUp()
      behind?.return?.().catch(() => {})
      behind = undefined
      if (reader.seq < lastSeq()) {
        reader.taken = total
        return Promise.resolve(give(events.slice(reader.seq + 1 - first)))
      }
      if (hasEnded) return over
      return new Promise<void>((resolve) => {
        reader.wake = resolve
      }).then(next)
    }

    return {
      next,
      close() {
        if (isClosed) return
        isClosed = true
        abort?.abort()
        readers.delete(reader)
        reader.wake()
        onRead()
      },
    }
  }

  return {
    push(event, last = false) {
      const logged = { seq: lastSeq() + 1, event: JSON.stringify(event), last }
      events.push(logged)
      size += sizeOf(logged)
      total += sizeOf(logged)
      hasEnded ||= last
      if (size > dropAt) dropOlder()
      return logged
    },
    wake() {
      for (const reader of readers) reader.wake()
    },
    since: (seq) => events.slice(Math.max(0, seq + 1 - first)),
    release(seq) {
      released = seq
    },
    read,
    lastSeq,
    readerCount: () => readers.size,
    unread() {
      let most = 0
      for (const { taken } of readers) most = Math.max(most, total - taken)
      return most
    },
  }
}

/** Readers of a turn without a log, who can read nowhere else. */
export interface FeedReaders {
  readerCount(): number
  /** How many characters the slowest of them has still to take. */
  unread(): number
}

interface Reader {
  seq: number
  /** How many characters it was given, of all that were pushed. */
  taken: number
  wake: () => void
}

const over = Promise.resolve(undefined)

/** In characters. What waits for the log or for a reader, 1 MB at most, is always among it. */
const mostHeld = 1024 * 1024
/** Of a turn that was longer than that, when all its readers have taken everything. */
const leastHeld = 4 * 1024

function sizeOf(event: LoggedEvent | undefined): number {
  return event ? event.event.length : 0
}
