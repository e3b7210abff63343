import type { TokenUsage } from './session.js'
import { compareCodePoints } from './text.js'

/** How many scopes a row remembers. Counts are exact unless this many others arrive between a save and its repeat. */
export const maxScopes = 64

/** Messages and tokens counted so far in one scope. */
export interface ScopeTotals {
  readonly messages: number
  readonly usage?: TokenUsage
}

/** A text with the rank of its recording. */
export interface RankedText {
  readonly text: string
  readonly rank: number
}

/** The titles of a conversation: `person` is shown, else `app`, else `message`. An empty one shows the next. */
export interface Titles {
  readonly message?: RankedText
  readonly app?: RankedText
  readonly person?: RankedText
}

/** Who gave a title. */
export type TitleSlot = keyof Titles

/**
 * What a page recorded about one conversation and storage has not confirmed yet. It is cumulative: deliver it often, late,
 * or not at all if a later one arrives.
 */
export interface SessionChange {
  readonly userId: string
  readonly workspace: string
  readonly conversationId: string
  /** The user's sign-in on this device, as the page read it; `''` before the first sign-out. */
  readonly epoch: string
  /** Running totals by scope. A scope is eight base64url characters. */
  readonly counts?: Readonly<Record<string, ScopeTotals>>
  /** `at` is what the clock said, in ms since the epoch; `rank` orders. */
  readonly activity?: { readonly at: number; readonly rank: number }
  /** When the conversation began. Without it the change cannot create a row. */
  readonly begins?: number
  readonly preview?: RankedText
  readonly titles?: Titles
}

/** A row as adapters store it. */
export interface StoredRow {
  readonly schemaVersion: 1
  readonly userId: string
  readonly workspace: string
  readonly conversationId: string
  readonly epoch: string
  readonly startedAt: number
  readonly activity: { readonly at: number; readonly rank: number }
  readonly messages: number
  readonly usage?: TokenUsage
  /** The scopes that arrived last, the latest at the end, with the totals known of each. */
  readonly scopes: readonly StoredScope[]
  readonly preview?: RankedText
  readonly titles?: Titles
}

/** What a row knows of a scope. */
export type StoredScope = readonly [scope: string, messages: number, usage?: TokenUsage]

/**
 * The row after `change`: the same in whatever order changes arrive, however often each does, and whichever are lost if a
 * later one of their page arrives. Refuses as `unknown` a change of a missing row that it may not begin. Pure; for authors of
 * adapters, who check changes with `readChange` first.
 *
 * @example
 * ```ts
 * import { applyChange } from 'leftoff'
 *
 * const next = applyChange(rows.get(change.conversationId), change)
 * if ('refused' in next) refusals.push({ conversationId: change.conversationId, reason: next.refused })
 * else rows.set(change.conversationId, next)
 * ```
 */
export function applyChange(
  row: StoredRow | undefined,
  change: SessionChange,
  scopesKept = maxScopes,
): StoredRow | { readonly refused: 'unknown' } {
  const base = row ?? newRow(change)
  if (!base) return { refused: 'unknown' }
  const { begins = base.startedAt } = change
  const preview = latest(base.preview, change.preview)
  const titles = joinTitles(base.titles, change.titles)
  return {
    ...base,
    ...countUp(base, change.counts, scopesKept),
    epoch: change.epoch,
    startedAt: Math.min(base.startedAt, begins),
    activity: laterActivity(laterActivity(base.activity, change.activity), { at: begins, rank: begins }),
    ...(preview && { preview }),
    ...(titles && { titles }),
  }
}

/** The totals of `known`, raised to those of `arrived` where these are greater. */
export function raise(known: ScopeTotals | undefined, arrived: ScopeTotals): ScopeTotals {
  return known ? combine(Math.max, known, arrived) : arrived
}

/** `sum` and what `arrived` counts beyond `known`. */
export function addExcess(sum: ScopeTotals, known: ScopeTotals | undefined, arrived: ScopeTotals): ScopeTotals {
  return combine(add, sum, known ? subtract(arrived, known) : arrived)
}

/** `a` less `b`, nothing below 0. */
export function subtract(a: ScopeTotals, b: ScopeTotals): ScopeTotals {
  return combine((x, y) => Math.max(0, x - y), a, a.usage ? b : { messages: b.messages })
}

/** Two totals combined number by number; what one of them lacks counts as 0. */
export function combine(each: (a: number, b: number) => number, a: ScopeTotals, b: ScopeTotals): ScopeTotals {
  const messages = each(a.messages, b.messages)
  if (!a.usage && !b.usage) return { messages }
  const usage: { -readonly [Kind in keyof TokenUsage]: TokenUsage[Kind] } = {
    input: 0,
    output: 0,
    ...a.usage,
    ...b.usage,
  }
  for (const name of tokenKinds) {
    if (usage[name] !== undefined) usage[name] = each(a.usage?.[name] ?? 0, b.usage?.[name] ?? 0)
  }
  return { messages, usage }
}

/** The sum, as far as a number can count. */
export function add(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER)
}

/** The text recorded later, or with `sign` -1 earlier; of two with one rank the greater, or the lesser. */
export function latest(a: RankedText | undefined, b: RankedText | undefined, sign = 1): RankedText | undefined {
  if (!a || !b) return a ?? b
  return sign * (a.rank - b.rank || compareCodePoints(a.text, b.text)) < 0 ? b : a
}

/** Of each slot the title that counts: the latest, but the earliest of those taken from messages. */
export function joinTitles(a: Titles | undefined, b: Titles | undefined): Titles | undefined {
  if (!a || !b) return a ?? b
  const message = latest(a.message, b.message, -1)
  const app = latest(a.app, b.app)
  const person = latest(a.person, b.person)
  return { ...(message && { message }), ...(app && { app }), ...(person && { person }) }
}

function newRow({ userId, workspace, conversationId, epoch, begins }: SessionChange): StoredRow | undefined {
  if (begins === undefined) return undefined
  const activity = { at: begins, rank: begins }
  return {
    schemaVersion: 1,
    userId,
    workspace,
    conversationId,
    epoch,
    startedAt: begins,
    activity,
    messages: 0,
    scopes: [],
  }
}

function countUp(
  row: StoredRow,
  counts: SessionChange['counts'] = {},
  scopesKept: number,
): Pick<StoredRow, 'messages' | 'usage' | 'scopes'> {
  const scopes = totalsByScope(row)
  let sum: ScopeTotals = totals(row.messages, row.usage)
  // In one order, because JSON objects have none: those at the front are forgotten first.
  for (const scope of Object.keys(counts).sort()) {
    const arrived = counts[scope]
    if (!arrived) continue
    const known = scopes.get(scope)
    sum = addExcess(sum, known, arrived)
    scopes.delete(scope)
    scopes.set(scope, raise(known, arrived))
  }
  return { ...sum, scopes: storedScopes(scopes).slice(-scopesKept) }
}

/** What the row knows of each scope. */
export function totalsByScope({ scopes }: StoredRow): Map<string, ScopeTotals> {
  return new Map(scopes.map(([scope, messages, usage]) => [scope, totals(messages, usage)]))
}

/** The scopes as rows store them. */
export function storedScopes(scopes: ReadonlyMap<string, ScopeTotals>): StoredScope[] {
  return [...scopes].map(([scope, { messages, usage }]) => (usage ? [scope, messages, usage] : [scope, messages]))
}

function totals(messages: number, usage: TokenUsage | undefined): ScopeTotals {
  return { messages, ...(usage && { usage }) }
}

/** The later activity. */
export function laterActivity(a: StoredRow['activity'], b: SessionChange['activity']): StoredRow['activity'] {
  if (!b || a.rank > b.rank) return a
  return a.rank < b.rank || a.at < b.at ? b : a
}

const tokenKinds = ['input', 'output', 'cacheRead', 'cacheWrite'] as const
