import type { Clock } from '../../core/clock.js'
import type { LoggedEvent } from '../turn-log.js'
import { bytesOf } from './bytes-of.js'
import { heldEvents } from './held-events.js'
import { type Piece, type ReadableTurn, waitingReaders } from './turn-reader.js'

/** What a log gives of a turn. */
export interface FetchedEvents {
  readonly events: readonly LoggedEvent[]
  /** Whether nothing comes after these. */
  readonly isWhole: boolean
}

/** What all readers of one turn in this process read: its newest events, and where to get older ones. */
export interface TurnFeed extends ReadableTurn {
  /** Hands on what is new of these. */
  push(events: readonly LoggedEvent[]): void
  /** The same for what was fetched. */
  add(fetched: FetchedEvents): void
  /** Events up to this number need not be held here any more: the log gives them. */
  settle(seq: number): void
  /** Nothing more will come: the readers end. */
  end(): void
}

/**
 * The newest events of a turn, 256 kB of them, whatever its readers do: who is further behind fetches, once for all who
 * are at one place. With `polls` it asks for new events while somebody waits, every 250 ms, and less often in silence;
 * without, they are pushed.
 */
export function createTurnFeed({
  fetch,
  after,
  polls,
  clock,
}: {
  /** The turn's events after a number; `undefined` if the log does not hold the turn. */
  readonly fetch: (after: number) => Promise<FetchedEvents | undefined>
  /** Events up to this number are not held here. */
  readonly after: number
  readonly polls: boolean
  readonly clock: Clock
}): TurnFeed {
  const held = heldEvents()
  /** Everything after this number is held. */
  let base = after
  let newest = after
  let bytes = 0
  let settledSeq = polls ? Number.POSITIVE_INFINITY : 0
  let isOver = false
  let failure: { readonly error: unknown; readonly since: number } | undefined
  let isPolling = false
  let delay = minDelayMs
  const fetches = new Map<number, Promise<Piece>>()

  function trim(): void {
    if (bytes <= 2 * heldBytes) return
    held.drop(({ seq, event }) => {
      if (bytes <= heldBytes || seq > settledSeq) return false
      bytes -= bytesOf(event)
      base = seq
      return true
    })
  }

  /** For who is behind what is held. */
  function catchUp(seq: number): Promise<Piece> {
    const running = fetches.get(seq)
    if (running) return running
    const fetching = fetch(seq)
      .then((fetched) => (fetched?.events.length ? fetched.events : whenNothingIsAfter(seq, fetched)))
      .finally(() => fetches.delete(seq))
    fetches.set(seq, fetching)
    return fetching
  }

  function whenNothingIsAfter(seq: number, fetched: FetchedEvents | undefined): Piece {
    // What the log has lost is skipped.
    if (!polls || held.lastSeq() > 0) return held.after(base)
    if (!fetched || fetched.isWhole) {
      feed.end()
      return undefined
    }
    // Whoever was here first asked for events after one that is still to come.
    base = seq
    newest = seq
    pollLater()
    return held.after(base)
  }

  function pollLater(): void {
    if (isPolling) return
    isPolling = true
    clock.setTimeout(() => {
      isPolling = false
      if (feed.waiting.hasSome() && !isOver) void poll()
    }, delay)
  }

  async function poll(): Promise<void> {
    isPolling = true
    try {
      const fetched = await fetch(newest)
      failure = undefined
      delay = fetched?.events.length ? minDelayMs : Math.min(2 * delay, maxDelayMs)
      if (fetched) feed.add(fetched)
      else feed.end()
    } catch (error) {
      failure ??= { error, since: clock.monotonic() }
      delay = maxDelayMs
      if (hasFailed()) feed.waiting.wake()
    }
    isPolling = false
    if (feed.waiting.hasSome() && !isOver) pollLater()
  }

  const hasFailed = () => failure !== undefined && clock.monotonic() - failure.since >= patienceMs

  const feed: TurnFeed = {
    waiting: waitingReaders(),

    take(seq) {
      if (seq < base) return catchUp(seq)
      const events = held.after(seq)
      if (events.length > 0) return events
      if (isOver) return undefined
      if (failure && hasFailed()) throw failure.error
      if (polls) pollLater()
      return events
    },

    push(events) {
      for (const event of events) {
        if ((event.seq <= newest && !event.last) || isOver) continue
        newest = Math.max(event.seq, newest + 1)
        isOver = event.last
        bytes += bytesOf(event.event)
        held.add(event.seq === newest ? event : { ...event, seq: newest })
      }
      trim()
      feed.waiting.wake()
    },

    add({ events, isWhole }) {
      if (events.length > 0) feed.push(events)
      if (isWhole) feed.end()
    },

    settle(seq) {
      settledSeq = Math.max(settledSeq, seq)
      trim()
    },

    end() {
      isOver = true
      feed.waiting.wake()
    },
  }
  return feed
}

const minDelayMs = 250
const maxDelayMs = 1_000
const patienceMs = 5_000
const heldBytes = 256 * 1024
