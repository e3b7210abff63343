import { type ScopeTotals, type SessionChange, type StoredRow, subtract, totalsByScope } from '../../core/change.js'

/** A part of another page. */
export interface OtherPart {
  readonly author: string
  readonly row: StoredRow
}

/**
 * The counts that this page's part is to take in: not those of a message that another page's part has counted already. Parts
 * remember few scopes, so two that both count a message would count it twice once they forget it.
 */
export function uncounted(
  counts: SessionChange['counts'],
  own: StoredRow | undefined,
  others: readonly OtherPart[],
): SessionChange['counts'] {
  if (!counts || others.length === 0) return counts
  const known = new Set(own?.scopes.map(([scope]) => scope))
  const left = Object.entries(counts).filter(
    ([scope, totals]) => known.has(scope) || !others.some(({ row }) => covers(row, scope, totals)),
  )
  return Object.fromEntries(left)
}

/** The part without what the part of an earlier author counts too: two pages recorded one message at the same moment. */
export function withoutShared(row: StoredRow, author: string, others: readonly OtherPart[]): StoredRow {
  const earlier = others.filter((other) => other.author < author)
  let sum: ScopeTotals = row
  const shared = new Set<string>()
  for (const [scope, totals] of totalsByScope(row)) {
    if (!earlier.some((other) => covers(other.row, scope, totals))) continue
    shared.add(scope)
    sum = subtract(sum, totals)
  }
  return { ...row, ...sum, scopes: row.scopes.filter(([scope]) => !shared.has(scope)) }
}

function covers(row: StoredRow, scope: string, totals: ScopeTotals): boolean {
  const known = totalsByScope(row).get(scope)
  if (!known) return false
  const { messages, usage } = subtract(totals, known)
  return messages === 0 && Object.values(usage ?? {}).every((tokens) => tokens === 0)
}
