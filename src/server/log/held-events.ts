import type { LoggedEvent } from '../turn-log.js'

/** Events of one turn in the order of their numbers. */
export interface HeldEvents {
  add(event: LoggedEvent): void
  /** Those after a number. Readers who are at one place share an array. */
  after(seq: number): readonly LoggedEvent[]
  /** The highest number; 0 if there is none. */
  lastSeq(): number
  /** Drops the first ones for as long as `isToGo` says so. */
  drop(isToGo: (event: LoggedEvent) => boolean): void
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
    drop(isToGo) {
      const kept = events.findIndex((event) => !isToGo(event))
      events = kept === -1 ? [] : events.slice(kept)
    },
    clear() {
      events = []
      shared = none
    },
  }
}

const none: readonly LoggedEvent[] = []

/** Without gaps the number says where; with one it is searched for. */
function placeAfter(events: readonly LoggedEvent[], seq: number): number {
  const guess = seq - (events[0]?.seq ?? 0)
  if (events[guess]?.seq === seq) return guess + 1
  let [low, high] = [0, events.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((events[middle]?.seq ?? 0) > seq) high = middle
    else low = middle + 1
  }
  return low
}
