import { isDeepStrictEqual } from 'node:util'
import { type applyChange, maxScopes, type SessionChange, type StoredRow } from '../../src/core/apply-change.js'
import { type Delivery, deliver, deliverWithin } from './deliveries.js'
import { comparable } from './expected-row.js'
import { type History, historyOf } from './histories.js'
import { randomOf } from './random.js'

type Apply = typeof applyChange

/** What the generated histories had in them. */
export interface Shares {
  histories: number
  equalRanks: number
  astralText: number
  losses: number
  repeats: number
  evictions: number
}

export function noShares(): Shares {
  return { histories: 0, equalRanks: 0, astralText: 0, losses: 0, repeats: 0, evictions: 0 }
}

/** In per cent of all histories, to print. */
export function printed({ histories, ...shares }: Shares): string {
  const percent = Object.entries(shares).map(([name, count]) => `${name} ${((100 * count) / histories).toFixed(1)} %`)
  return `${histories} histories: ${percent.join(', ')}`
}

/**
 * What `apply` gets wrong about the history of this seed: any order, any repeats and any losses that a later change makes
 * good must give the row that was recorded. `undefined` if nothing.
 */
export function faultOf(apply: Apply, seed: number, shares = noShares()): string | undefined {
  const few = historyOf(seed, { scopes: 'few' })
  const random = randomOf(seed + 1)
  for (let time = 0; time < 3; time++) {
    const fault = differenceOf(apply, few, deliver(few, random), time === 0 ? shares : noShares())
    if (fault) return fault
  }
  // Every eighth is long: it takes as long as all others together.
  return seed % 8 === 0 ? faultWithEvictions(apply, seed, shares) : undefined
}

function faultWithEvictions(apply: Apply, seed: number, shares: Shares): string | undefined {
  const random = randomOf(seed + 2)
  // A page that is never answered may repeat a scope too late for the bound, in whatever order: then another history.
  for (let time = 0; time < 100; time++) {
    const many = historyOf(seed + time, { scopes: 'many' })
    const delivery = deliverWithin(many, random, maxScopes)
    if (delivery) return differenceOf(apply, many, delivery, shares)
  }
  return `seed ${seed}: no delivery stays within the window`
}

function differenceOf(apply: Apply, history: History, delivery: Delivery, shares: Shares): string | undefined {
  const { expected, seed } = history
  shares.histories += 1
  if (expected.equalRanks > 0) shares.equalRanks += 1
  if (expected.hasAstralText) shares.astralText += 1
  if (delivery.lost > 0) shares.losses += 1
  if (delivery.repeated > 0) shares.repeats += 1
  if (expected.scopeCount > maxScopes) shares.evictions += 1
  const row = fold(apply, delivery.changes)
  const wanted = expected.row(maxScopes)
  const got = row && comparable(row, wanted.scopes !== undefined)
  if (isDeepStrictEqual(got, wanted)) return undefined
  return `seed ${seed}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`
}

/** The row after these changes; `undefined` if one is refused. */
function fold(apply: Apply, changes: readonly SessionChange[], window?: number): StoredRow | undefined {
  let row: StoredRow | undefined
  for (const change of changes) {
    const next = apply(row, change, window)
    if ('refused' in next) return undefined
    row = next
  }
  return row
}

/** What `apply` gets wrong about a repeat after exactly as many other scopes as a row may forget. */
export function faultAtTheWindow(apply: Apply, others: number): string | undefined {
  const begun = { userId: 'u1', workspace: 'w', conversationId: 'c1', epoch: '', begins: 1 }
  const change = (scope: string): SessionChange => ({ ...begun, counts: { [scope]: { messages: 1 } } })
  const between = Array.from({ length: others }, (_, index) => change(`other${String(index).padStart(3, '0')}`))
  const row = fold(apply, [change('repeated'), ...between, change('repeated')])
  return row?.messages === others + 1 ? undefined : `${row?.messages} instead of ${others + 1}`
}
