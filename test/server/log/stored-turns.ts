import type { TabKey } from '../../../src/core/tab-key.js'
import type { TurnLogStorage } from '../../../src/server/log/polling-turn-log.js'
import type { LoggedEvent } from '../../../src/server/turn-log.js'

/** A database of turns in this process, which counts what it is asked and can be down. */
export interface StoredTurns extends TurnLogStorage {
  readonly requests: Record<keyof TurnLogStorage, number>
  /** What each request waits for; a promise that rejects is a database that is down. */
  answers: () => Promise<void>
  readonly maxTurnBytes: number
}

export function storedTurns({ maxTurnBytes = 8 * 1024 * 1024 } = {}): StoredTurns {
  const turns = new Map<string, { events: LoggedEvent[]; bytes: number; isFull: boolean }>()
  const idOf = (key: TabKey, turnId: string) => `${turnId} ${key}`
  const stored: StoredTurns = {
    maxTurnBytes,
    requests: { start: 0, write: 0, fetch: 0, delete: 0 },
    answers: () => Promise.resolve(),

    async start(key, turnId) {
      stored.requests.start += 1
      await stored.answers()
      if (!turns.has(idOf(key, turnId))) turns.set(idOf(key, turnId), { events: [], bytes: 0, isFull: false })
    },

    async write(key, turnId, { firstSeq, events, last }) {
      stored.requests.write += 1
      await stored.answers()
      const turn = turns.get(idOf(key, turnId))
      if (!turn) return 'unknown'
      const newest = turn.events.at(-1)
      if (newest?.last) return 'ok'
      turn.bytes += events.join().length
      turn.isFull ||= turn.bytes > maxTurnBytes
      for (const [index, event] of events.entries()) {
        const seq = firstSeq + index
        if (!turn.isFull && seq > (newest?.seq ?? 0)) turn.events.push({ seq, event, last: false })
      }
      if (last) turn.events.push({ ...last, last: true })
      return turn.isFull && events.length > 0 ? 'full' : 'ok'
    },

    async fetch(key, turnId, after) {
      stored.requests.fetch += 1
      await stored.answers()
      const turn = turns.get(idOf(key, turnId))
      return (
        turn && { events: turn.events.filter(({ seq }) => seq > after), isWhole: turn.events.at(-1)?.last === true }
      )
    },

    async delete(key) {
      stored.requests.delete += 1
      await stored.answers()
      for (const id of turns.keys()) if (id.endsWith(` ${key}`)) turns.delete(id)
    },
  }
  return stored
}
