import type { Clock } from '../../core/clock.js'
import type { TabKey } from '../../core/tab-key.js'
import type { LoggedEvent, TurnLog } from '../turn-log.js'
import { type BatchAnswer, type BatchWriter, createBatchWriter, type TurnBatch } from './batch-writer.js'
import { createPolledTurn, type FetchedEvents, type PolledTurn } from './polled-turn.js'
import { type Piece, type ReadableTurn, readTurnLog } from './turn-reader.js'
import { isSilent, whenSilent } from './when-silent.js'

/** Where a log's events lie. Each call is one request, and bounded. */
export interface TurnLogStorage {
  /** Begins a turn, unless it has begun before. */
  start(key: TabKey, turnId: string): Promise<unknown>
  /** Adds what has a higher number than all before, but nothing after the end. */
  write(key: TabKey, turnId: string, batch: TurnBatch): Promise<BatchAnswer>
  /** The turn's events after a number, in order, and whether they are all that will come; `undefined` if there is no such turn. */
  fetch(key: TabKey, turnId: string, after: number): Promise<FetchedEvents | undefined>
  /** Forgets all turns of a key. */
  delete(key: TabKey): Promise<void>
}

/**
 * A log in a database: written in batches, and read by polling, once per turn and process however many read.
 */
export function pollingTurnLog(storage: TurnLogStorage, clock: Clock): TurnLog {
  /** The turns that this process writes. */
  const written = new Map<string, WrittenTurn>()
  /** The turns that somebody reads here. */
  const followed = new Map<string, FollowedTurn>()

  function find(key: TabKey, turnId: string): WrittenTurn | undefined {
    const turn = written.get(idOf(key, turnId))
    return turn && !isSilent(clock, turn) ? turn : undefined
  }

  function write(key: TabKey, turnId: string, started: Promise<unknown> = neverStarted): WrittenTurn {
    const writer = createBatchWriter({
      async write(batch) {
        await started
        return storage.write(key, turnId, batch)
      },
      clock,
    })
    const turn: WrittenTurn = { key, started, writer, activeAt: clock.monotonic(), cancel: () => {} }
    const id = idOf(key, turnId)
    turn.cancel = whenSilent(clock, turn, () => forget(id, turn))
    written.set(id, turn)
    return turn
  }

  function forget(id: string, turn: WrittenTurn): void {
    turn.cancel()
    if (written.get(id) === turn) written.delete(id)
  }

  function follow(key: TabKey, turnId: string, after: number): FollowedTurn {
    const id = idOf(key, turnId)
    const turn: FollowedTurn = { key, opened: open(), readers: 0, leave }
    followed.set(id, turn)
    return turn

    async function open(): Promise<OpenedTurn | undefined> {
      const fetch = (after: number) => storage.fetch(key, turnId, after)
      const first = await fetch(after)
      if (!first) return undefined
      const polled = createPolledTurn({ fetch, after, clock })
      polled.add(first)
      return { polled, first: first.events }
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
      const turn = known && known.started !== neverStarted ? known : write(key, turnId, storage.start(key, turnId))
      try {
        await turn.started
      } catch (error) {
        forget(id, turn)
        throw error
      }
    },

    append(key, turnId, firstSeq, events) {
      const turn = find(key, turnId) ?? write(key, turnId)
      turn.activeAt = clock.monotonic()
      return turn.writer.append(firstSeq, events)
    },

    async end(key, turnId, lastSeq, lastEvent) {
      const turn = find(key, turnId) ?? write(key, turnId)
      try {
        await turn.writer.end(lastSeq, lastEvent)
      } finally {
        forget(idOf(key, turnId), turn)
      }
    },

    async delete(key) {
      for (const [id, turn] of written) {
        if (turn.key !== key) continue
        await turn.started.catch(() => undefined) // else it would come after this
        forget(id, turn)
      }
      await storage.delete(key)
      for (const [id, turn] of followed) {
        if (turn.key !== key) continue
        followed.delete(id)
        void turn.opened.then((opened) => opened?.polled.end()).catch(() => undefined)
      }
    },

    async read(key, turnId, options) {
      const id = idOf(key, turnId)
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
      return readTurnLog(isFirst ? beginningWith(opened) : opened.polled, options, turn.leave)
    },
  }
}

/** What was fetched for a reader goes to it, however much it is. */
function beginningWith({ polled, first }: OpenedTurn): ReadableTurn {
  let fetched: Piece = first
  return {
    waiting: polled.waiting,
    take(after) {
      const events = fetched
      fetched = undefined
      return events?.length ? events : polled.take(after)
    },
  }
}

/** A turn id has no space. */
function idOf(key: TabKey, turnId: string): string {
  return `${turnId} ${key}`
}

/** Of a turn that is written here, but was not started here. */
const neverStarted = Promise.resolve()

interface WrittenTurn {
  readonly key: TabKey
  readonly started: Promise<unknown>
  readonly writer: BatchWriter
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
  readonly polled: PolledTurn
  /** What its first reader gets. */
  readonly first: readonly LoggedEvent[]
}
