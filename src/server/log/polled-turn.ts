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
export interface PolledTurn extends ReadableTurn {
  /** Hands on what was fetched. */
  add(fetched: FetchedEvents): void
  /** Nothing more will come: the readers end. */
  end(): void
}

/**
 * The newest events of a turn, 256 kB of them, whatever its readers do: who is further behind fetches, once for all who
 * are at one place. It asks for new events while somebody waits, every 250 ms, and less often in silence.
 */
export function createPolledTurn({
  fetch,
  after,
  clock,
}: {
  /** The turn's events after a number; `undefined` if the log does not hold the turn. */
  readonly fetch: (after: number) => Promise<FetchedEvents | undefined>
  /** Events up to this number are not held here. */
  readonly after: number
  readonly clock: Clock
}): PolledTurn {
  const held = heldEvents()
  /** Everything after this number is held. */
  let base = after
  let newest = after
  let bytes = 0
  let isOver = false
  let failure: { readonly error: unknown; readonly since: number } | undefined
  let isPolling = false
  let delay = minDelayMs
  const fetches = new Map<number, Promise<Piece>>()

  function push(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      if (event.seq <= newest || isOver) continue
      newest = event.seq
      isOver = event.last
      bytes += bytesOf(event.event)
      held.add(event)
    }
    if (bytes > 2 * heldBytes) {
      held.drop(({ seq, event }) => {
        if (bytes <= heldBytes) return false
        bytes -= bytesOf(event)
        base = seq
        return true
      })
    }
    turn.waiting.wake()
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
    if (held.lastSeq() > 0) return held.after(base)
    if (!fetched || fetched.isWhole) {
      turn.end()
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
      if (turn.waiting.hasSome() && !isOver) void poll()
    }, delay)
  }

  async function poll(): Promise<void> {
    isPolling = true
    try {
      const fetched = await fetch(newest)
      failure = undefined
      delay = fetched?.events.length ? minDelayMs : Math.min(2 * delay, maxDelayMs)
      if (fetched) turn.add(fetched)
      else turn.end()
    } catch (error) {
      failure ??= { error, since: clock.monotonic() }
      delay = maxDelayMs
      if (hasFailed()) turn.waiting.wake()
    }
    isPolling = false
    if (turn.waiting.hasSome() && !isOver) pollLater()
  }

  const hasFailed = () => failure !== undefined && clock.monotonic() - failure.since >= patienceMs

  const turn: PolledTurn = {
    waiting: waitingReaders(),

    take(seq) {
      if (seq < base) return catchUp(seq)
      const events = held.after(seq)
      if (events.length > 0) return events
      if (isOver) return undefined
      if (failure && hasFailed()) throw failure.error
      pollLater()
      return events
    },

    add({ events, isWhole }) {
      if (events.length > 0) push(events)
      if (isWhole) turn.end()
    },

    end() {
      isOver = true
      turn.waiting.wake()
    },
  }
  return turn
}

const minDelayMs = 250
const maxDelayMs = 1_000
const patienceMs = 5_000
const heldBytes = 256 * 1024
