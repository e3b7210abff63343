import {
  add,
  combine,
  joinTitles,
  laterActivity,
  latest,
  raise,
  type ScopeTotals,
  type StoredRow,
  storedScopes,
  subtract,
  totalsByScope,
} from './change.js'

/**
 * The row that two parts of it make together, each written by a page of its own. A scope that both know is counted once, at
 * the greater of its totals.
 */
export function joinRows(a: StoredRow, b: StoredRow): StoredRow {
  const known = totalsByScope(a)
  let sum: ScopeTotals = combine(add, a, b)
  for (const [scope, theirs] of totalsByScope(b)) {
    const mine = known.get(scope)
    if (mine) sum = subtract(sum, combine(Math.min, mine, theirs))
    known.set(scope, raise(mine, theirs))
  }
  const preview = latest(a.preview, b.preview)
  const titles = joinTitles(a.titles, b.titles)
  return {
    ...a,
    ...sum,
    startedAt: Math.min(a.startedAt, b.startedAt),
    activity: laterActivity(a.activity, b.activity),
    scopes: storedScopes(known),
    ...(preview && { preview }),
    ...(titles && { titles }),
  }
}
