import type { SessionChange } from '../../src/core/apply-change.js'
import type { History, SentChange } from './histories.js'
import type { Random } from './random.js'

/** What reached the adapter, in the order of arrival. */
export interface Delivery {
  readonly changes: readonly SessionChange[]
  readonly lost: number
  readonly repeated: number
}

/** The changes of a history in any order, some of them repeated, some lost that a later one of their page makes good. */
export function deliver({ sent }: History, random: Random): Delivery {
  const arrived = withLossesAndRepeats(sent, random)
  return { ...arrived, changes: startingWithBegins(random.shuffled(arrived.items.map(({ change }) => change))) }
}

/**
 * The same, out of order only so far that fewer than `window` other scopes arrive between two arrivals of one; `undefined`
 * if this history cannot be delivered so.
 */
export function deliverWithin({ sent }: History, random: Random, window: number): Delivery | undefined {
  const distance = random.pick([0, 2, 5, 12])
  const arrived = withLossesAndRepeats(sent, random)
  const keyed = arrived.items.map((item) => ({ ...item, key: item.position + random.below(100 * distance + 1) / 100 }))
  const changes = startingWithBegins(keyed.sort((a, b) => a.key - b.key).map(({ change }) => change))
  return staysWithin(changes, window) ? { ...arrived, changes } : undefined
}

function withLossesAndRepeats(sent: readonly SentChange[], random: Random) {
  const kept = sent
    .map(({ change, canBeLost }, position) => ({ change, position, isLost: canBeLost && random.chance(0.5) }))
    .filter(({ isLost }) => !isLost)
  const items = kept.flatMap((item) => Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => item))
  return { items, lost: sent.length - kept.length, repeated: items.length - kept.length }
}

/** A row begins with a change that may begin it: before that, others are refused. */
function startingWithBegins(changes: readonly SessionChange[]): readonly SessionChange[] {
  const first = changes.findIndex(({ begins }) => begins !== undefined)
  return [...changes.slice(first, first + 1), ...changes.slice(0, first), ...changes.slice(first + 1)]
}

/** Whether fewer than `window` other scopes arrive between any two arrivals of one. */
function staysWithin(changes: readonly SessionChange[], window: number): boolean {
  let known: string[] = []
  for (const { counts = {} } of changes) {
    const arriving = Object.keys(counts).sort()
    for (const scope of arriving) {
      const place = known.indexOf(scope)
      if (place >= 0 && known.length - place > window) return false
    }
    known = [...known.filter((scope) => !arriving.includes(scope)), ...arriving]
  }
  return true
}
