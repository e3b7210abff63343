import type { Clock } from '../../core/clock.js'
import type { TabKey } from '../../core/tab-key.js'
import type { LoggedEvent, TurnLog } from '../turn-log.js'
import { createTurnFeed, type FetchedEvents, type TurnFeed } from './turn-feed.js'
import { type BatchAnswer, createTurnLogWriter, type TurnBatch, type TurnLogWriter } from './turn-log-writer.js'
import { type Piece, type ReadableTurn, readTurnLog } from './turn-reader.js'
import { isSilent, whenSilent } from './when-silent.js'

/** Where a log's events lie. Each call is one request, and bounded. */
export interface TurnLogStorage {
  /** Begins a turn. Whether there was no such turn before. */
  start(key: TabKey, turnId: string): Promise<boolean>
  /** Adds what has a higher number than all before, but nothing after the end. */
  write(key: TabKey, turnId: string, batch: TurnBatch): Promise<BatchAnswer>
  /** The turn's events after a number, in order, and whether they are all that will come; `undefined` if there is no such turn. */
  fetch(key: TabKey, turnId: string, after: number): Promise<FetchedEvents | undefined>
  /** Forgets all turns of a key. */
  delete(key: TabKey): Promise<void>
}

/**
 * A log in a database: written in batches, and read by polling, once per turn and process however many read. Readers in
 * the process that runs the turn get what is appended there, at once and without asking.
 */
export function pollingTurnLog(storage: TurnLogStorage, clock: Clock): TurnLog {
  /** The turns that this process runs. */
  const own = new Map<string, OwnTurn>()
  /** The turns of other processes that somebody reads here. */
  const followed = new Map<string, FollowedTurn>()

  const fetching = (key: TabKey, turnId: string) => (after: number) => storage.fetch(key, turnId, after)

  function find(key: TabKey, turnId: string): OwnTurn | undefined {
    const turn = own.get(idOf(key, turnId))
    return turn && !isSilent(clock, turn) ? turn : undefined
  }

  function add(key: TabKey, turnId: string, started = neverStarted): OwnTurn {
    const feed = createTurnFeed({ fetch: fetching(key, turnId), after: 0, polls: false, clock })
    const writer = createTurnLogWriter({
      async write(batch) {
        await started
        return storage.write(key, turnId, batch)
      },
      onSettled: feed.settle,
      clock,
    })
    const turn: OwnTurn = { key, started, feed, writer, activeAt: clock.monotonic(), cancel: () => {} }
    const id = idOf(key, turnId)
    turn.cancel = whenSilent(clock, turn, () => forget(id, turn))
    own.set(id, turn)
    return turn
  }

  function forget(id: string, turn: OwnTurn): void {
    turn.cancel()
    turn.feed.end()
    if (own.get(id) === turn) own.delete(id)
  }

  function follow(key: TabKey, turnId: string, after: number): FollowedTurn {
    const id = idOf(key, turnId)
    const turn: FollowedTurn = { key, opened: open(), readers: 0, leave }
    followed.set(id, turn)
    return turn

    async function open(): Promise<OpenedTurn | undefined> {
      const fetch = fetching(key, turnId)
      const first = await fetch(after)
      if (!first) return undefined
      const feed = createTurnFeed({ fetch, after, polls: true, clock })
      feed.add(first)
      return { feed, first: first.events }
    }

    function leave(): void {
      turn.readers -= 1
      if (turn.readers === 0 && followed.get(id) === turn) followed.delete(id)
    }
  }

  return {
    async start(key, turnId) {
      const id = idOf(key, turnId)
      const known = find(key, turnId)
      const turn = known && known.started !== neverStarted ? known : add(key, turnId, storage.start(key, turnId))
      try {
        await turn.started
      } catch (error) {
        forget(id, turn)
        throw error
      }
    },

    append(key, turnId, firstSeq, events) {
      const turn = find(key, turnId) ?? add(key, turnId)
      turn.activeAt = clock.monotonic()
      turn.feed.push(events.map((event, index) => ({ seq: firstSeq + index, event, last: false })))
      return turn.writer.append(firstSeq, events)
    },

    async end(key, turnId, lastSeq, lastEvent) {
      const id = idOf(key, turnId)
      const turn = find(key, turnId) ?? add(key, turnId)
      turn.feed.push([{ seq: lastSeq, event: lastEvent, last: true }])
      try {
        await turn.writer.end(lastSeq, lastEvent)
      } finally {
        forget(id, turn)
      }
    },

    async delete(key) {
      for (const [id, turn] of own) {
        if (turn.key !== key) continue
        await turn.started.catch(() => false) // else it would come after this
        forget(id, turn)
      }
      await storage.delete(key)
      for (const [id, turn] of followed) {
        if (turn.key !== key) continue
        followed.delete(id)
        void turn.opened.then((opened) => opened?.feed.end()).catch(() => undefined)
      }
    },

    async read(key, turnId, options) {
      const id = idOf(key, turnId)
      const running = find(key, turnId)
      if (running && (await running.started.catch(() => false))) return readTurnLog(running.feed, options)

      const isFirst = !followed.has(id)
      const turn = followed.get(id) ?? follow(key, turnId, options.after)
      turn.readers += 1
      const opened = await turn.opened.catch((error: unknown) => {
        turn.leave()
        throw error
      })
      if (!opened) {
        turn.leave()
        return undefined
      }
      return readTurnLog(isFirst ? beginningWith(opened) : opened.feed, options, turn.leave)
    },
  }
}

/** What was fetched for a reader goes to it, however much it is. */
function beginningWith({ feed, first }: OpenedTurn): ReadableTurn {
  let fetched: Piece = first
  return {
    waiting: feed.waiting,
    take(after) {
      const events = fetched
      fetched = undefined
      return events?.length ? events : feed.take(after)
    },
  }
}

/** A turn id has no space. */
function idOf(key: TabKey, turnId: string): string {
  return `${turnId} ${key}`
}

/** Of a turn that is written here, but was not started here. */
const neverStarted = Promise.resolve(false)

interface OwnTurn {
  readonly key: TabKey
  /** Whether all that the turn has sent came through this process. */
  readonly started: Promise<boolean>
  readonly feed: TurnFeed
  readonly writer: TurnLogWriter
  activeAt: number
  /** Keeps it from being forgotten. */
  cancel: () => void
}

interface FollowedTurn {
  readonly key: TabKey
  readonly opened: Promise<OpenedTurn | undefined>
  readers: number
  leave(): void
}

interface OpenedTurn {
  readonly feed: TurnFeed
  /** What its first reader gets. */
  readonly first: readonly LoggedEvent[]
}
