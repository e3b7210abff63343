import type { LoggedEvent } from '../turn-log.js'

/** Events of one turn in the order of their numbers, as an array that only grows at its end. */
export interface HeldEvents {
  add(event: LoggedEvent): void
  /** Those after a number. Readers who are at one place share an array. */
  after(seq: number): readonly LoggedEvent[]
  /** The highest number; 0 if there is none. */
  lastSeq(): number
  clear(): void
}

export function heldEvents(): HeldEvents {
  let events: LoggedEvent[] = []
  let shared: readonly LoggedEvent[] = none
  return {
    add: (event) => void events.push(event),
    after(seq) {
      const from = placeAfter(events, seq)
      if (from === events.length) return none
      if (shared[0] !== events[from] || shared.at(-1) !== events.at(-1)) shared = events.slice(from)
      return shared
    },
    lastSeq: () => events.at(-1)?.seq ?? 0,
    clear() {
      events = []
      shared = none
    },
  }
}

const none: readonly LoggedEvent[] = []

/** Without gaps the number says where; with one it is searched for. */
function placeAfter(events: readonly LoggedEvent[], seq: number): number {
  let [low, high] = [0, events.length]
  if (events[seq - 1]?.seq === seq) return seq
  while (low < high) {
    const middle = (low + high) >> 1
    if ((events[middle]?.seq ?? 0) > seq) high = middle
    else low = middle + 1
  }
  return low
}
