import { joinTitles, latest, raise, type ScopeTotals, type StoredRow, type StoredScope } from './change.js'
import type { TokenUsage } from './session.js'

/**
 * The row that two parts of it make together, each written by a page of its own. A scope that both know is counted once, at
 * the greater of its totals.
 */
export function joinRows(a: StoredRow, b: StoredRow): StoredRow {
  const known = new Map(a.scopes.map((scope) => [scope[0], totalsOf(scope)]))
  let sum: ScopeTotals = { messages: a.messages, ...(a.usage && { usage: a.usage }) }
  sum = plus(sum, { messages: b.messages, ...(b.usage && { usage: b.usage }) })
  for (const scope of b.scopes) {
    const mine = known.get(scope[0])
    const theirs = totalsOf(scope)
    if (mine) sum = subtract(sum, common(mine, theirs))
    known.set(scope[0], raise(mine, theirs))
  }
  const preview = latest(a.preview, b.preview)
  const titles = joinTitles(a.titles, b.titles)
  const isLater =
    b.activity.rank > a.activity.rank || (b.activity.rank === a.activity.rank && b.activity.at > a.activity.at)
  return {
    ...a,
    ...sum,
    startedAt: Math.min(a.startedAt, b.startedAt),
    activity: isLater ? b.activity : a.activity,
    scopes: [...known].map(
      ([name, { messages, usage }]): StoredScope => (usage ? [name, messages, usage] : [name, messages]),
    ),
    ...(preview && { preview }),
    ...(titles && { titles }),
  }
}

function totalsOf([, messages, usage]: StoredScope): ScopeTotals {
  return { messages, ...(usage && { usage }) }
}

function plus(a: ScopeTotals, b: ScopeTotals): ScopeTotals {
  return combine(a, b, (x, y) => Math.min(x + y, Number.MAX_SAFE_INTEGER))
}

/** `a` less `b`, nothing below 0. */
export function subtract(a: ScopeTotals, b: ScopeTotals): ScopeTotals {
  return combine(a, b, (x, y) => Math.max(0, x - y))
}

function common(a: ScopeTotals, b: ScopeTotals): ScopeTotals {
  return combine(a, b, Math.min)
}

function combine(a: ScopeTotals, b: ScopeTotals, each: (x: number, y: number) => number): ScopeTotals {
  const usage = combineUsage(a.usage, b.usage, each)
  return { messages: each(a.messages, b.messages), ...(usage && { usage }) }
}

function combineUsage(
  a: TokenUsage | undefined,
  b: TokenUsage | undefined,
  each: (x: number, y: number) => number,
): TokenUsage | undefined {
  if (!a && !b) return undefined
  const of = (name: keyof TokenUsage) => each(a?.[name] ?? 0, b?.[name] ?? 0)
  const optional = (name: 'cacheRead' | 'cacheWrite') =>
    a?.[name] === undefined && b?.[name] === undefined ? {} : { [name]: of(name) }
  return { input: of('input'), output: of('output'), ...optional('cacheRead'), ...optional('cacheWrite') }
}
