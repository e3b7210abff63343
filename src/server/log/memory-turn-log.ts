import { type Clock, systemClock } from '../../core/clock.js'
import type { TabKey } from '../../core/tab-key.js'
import type { TurnLog } from '../turn-log.js'
import { bytesOf } from './bytes-of.js'
import { type HeldEvents, heldEvents } from './held-events.js'
import { logIsFull, notInLog } from './log-errors.js'
import { type ReadableTurn, readTurnLog, waitingReaders } from './turn-reader.js'
import { whenSilent } from './when-silent.js'

/** Settings of {@link memoryTurnLog}. */
export interface MemoryTurnLogOptions {
  /** How much of one turn is kept; 8 MB. */
  readonly maxTurnBytes?: number
  /** How much of all turns is kept; 256 MB. Turns that have ended make room for those that run. */
  readonly maxBytes?: number
  /** How long a turn is kept after its end; 5 minutes. */
  readonly retentionMs?: number
  readonly clock?: Clock
}

/**
 * The log of running turns in this process: for a server that is one process, for development, for tests.
 *
 * @example
 * ```ts
 * import { memoryTurnLog } from 'leftoff/server'
 *
 * const log = memoryTurnLog()
 * ```
 */
export function memoryTurnLog({
  maxTurnBytes = 8 * 1024 * 1024,
  maxBytes = 256 * 1024 * 1024,
  retentionMs = 5 * 60_000,
  clock = systemClock,
}: MemoryTurnLogOptions = {}): TurnLog {
  const turnsOf = new Map<TabKey, Map<string, Turn>>()
  /** Those that have ended, the oldest end first. */
  const ended = new Set<Turn>()
  let bytes = 0

  const find = (key: TabKey, turnId: string) => turnsOf.get(key)?.get(turnId)

  function forget(turn: Turn): void {
    const turns = turnsOf.get(turn.key)
    turns?.delete(turn.turnId)
    if (turns?.size === 0) turnsOf.delete(turn.key)
    ended.delete(turn)
    bytes -= turn.bytes
    turn.isGone = true
    turn.cancel()
    // A reader who does not read must not keep what was forgotten.
    turn.events.clear()
    turn.waiting.wake()
  }

  /** Whether there is room for so many bytes more, if need be in place of turns that have ended. */
  function makeRoom(size: number): boolean {
    for (const oldest of ended) {
      if (bytes + size <= maxBytes) break
      forget(oldest)
    }
    return bytes + size <= maxBytes
  }

  function take(turn: Turn, size: number): void {
    turn.bytes += size
    bytes += size
  }

  return {
    async start(key, turnId) {
      if (find(key, turnId)) return
      if (!makeRoom(bytesOfTurn)) throw logIsFull()
      const turn = newTurn(key, turnId, clock.monotonic())
      take(turn, bytesOfTurn)
      turnsOf.set(key, (turnsOf.get(key) ?? new Map()).set(turnId, turn))
      turn.cancel = whenSilent(clock, turn, () => forget(turn))
    },

    async append(key, turnId, firstSeq, events) {
      const turn = find(key, turnId)
      if (!turn) throw notInLog()
      if (turn.hasEnded) return
      const isNew = firstSeq > turn.events.lastSeq()
      const added = isNew ? events : events.slice(turn.events.lastSeq() + 1 - firstSeq)
      let size = 0
      for (const event of added) size += bytesOf(event)
      turn.isFull ||= turn.bytes + size > maxTurnBytes || !makeRoom(size)
      if (turn.isFull) throw logIsFull()
      turn.activeAt = clock.monotonic()
      take(turn, size)
      let seq = firstSeq + events.length - added.length
      for (const event of added) {
        turn.events.add({ seq, event, last: false })
        seq += 1
      }
      turn.waiting.wake()
    },

    async end(key, turnId, lastSeq, lastEvent) {
      const turn = find(key, turnId)
      if (!turn || turn.hasEnded) return
      turn.hasEnded = true
      take(turn, bytesOf(lastEvent))
      turn.events.add({ seq: Math.max(lastSeq, turn.events.lastSeq() + 1), event: lastEvent, last: true })
      ended.add(turn)
      turn.cancel()
      turn.cancel = clock.setTimeout(() => forget(turn), retentionMs, { keepsAlive: false })
      turn.waiting.wake()
    },

    async delete(key) {
      for (const turn of turnsOf.get(key)?.values() ?? []) forget(turn)
    },

    async read(key, turnId, options) {
      const turn = find(key, turnId)
      return turn && readTurnLog(turn, options)
    },
  }
}

interface Turn extends ReadableTurn {
  readonly key: TabKey
  readonly turnId: string
  readonly events: HeldEvents
  bytes: number
  activeAt: number
  isFull: boolean
  hasEnded: boolean
  isGone: boolean
  /** Takes back that the turn is to be forgotten. */
  cancel: () => void
}

function newTurn(key: TabKey, turnId: string, activeAt: number): Turn {
  const events = heldEvents()
  const turn: Turn = {
    key,
    turnId,
    events,
    waiting: waitingReaders(),
    bytes: 0,
    activeAt,
    isFull: false,
    hasEnded: false,
    isGone: false,
    cancel: () => {},
    take(after) {
      const isOver = turn.isGone || (turn.hasEnded && after >= events.lastSeq())
      return isOver ? undefined : events.after(after)
    },
  }
  return turn
}

/** What V8 takes for a turn, roughly. */
const bytesOfTurn = 1024
