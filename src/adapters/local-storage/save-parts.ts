import {
  add,
  applyChange,
  combine,
  joinTitles,
  laterActivity,
  latest,
  type RankedText,
  raise,
  type ScopeTotals,
  type SessionChange,
  type StoredRow,
  storedScopes,
  subtract,
  totalsByScope,
} from '../../core/apply-change.js'
import { randomScope } from '../../core/keys-and-ids.js'
import type { RefusalReason } from '../../core/session-adapter.js'
import type { StoredParts } from './stored-parts.js'

/** What one store instance stored of a conversation: the row as it knows it, beside what folding needs. */
export interface Part {
  readonly key: string
  /** The store instance that writes it; the key names it. */
  readonly author: string
  readonly row: StoredRow
  /** Ms since the epoch, by its author's clock. */
  readonly writtenAt: number
  /** The authors of parts that this one took in, until their keys are seen to be gone. */
  readonly folded: readonly string[]
}

/** A part's window is smaller than a row's: the row as read is all parts together. */
const scopesKept = 16
/**
 * A part that was not written for this long is folded into that of the next page that saves, at most so many at once; one whose
 * texts are to be erased, at once.
 */
const foldAfterMs = 24 * 60 * 60 * 1_000
const foldedAtOnce = 16

/** What the parts of a conversation say together. */
export function joinParts(parts: readonly Part[]): StoredRow | undefined {
  const folded = new Set(parts.flatMap((part) => part.folded))
  // Of two that took in each other neither must be left out.
  const counted = parts.filter(({ author }) => !folded.has(author))
  const [first, ...others] = counted.length > 0 ? counted : parts
  return first && others.reduce((row, part) => joinRows(row, part.row), first.row)
}

/**
 * The row that two parts of it make together, each written by a page of its own. A scope that both know is counted once, at
 * the greater of its totals.
 */
function joinRows(a: StoredRow, b: StoredRow): StoredRow {
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

/**
 * This page's part after the change, and the keys of those of `others` that are in it from now on. Parts remember few scopes, so two
 * that both count a message would count it twice once they forget it: what another part counts is left out.
 */
function changedPart(
  { key, author, row: before, folded: foldedBefore = [] }: Pick<Part, 'key' | 'author'> & Partial<Part>,
  change: SessionChange,
  others: readonly Part[],
  now: number,
): { readonly part: Part; readonly foldedKeys: readonly string[] } | { readonly refused: RefusalReason } {
  const applied = applyChange(before, others.length > 0 ? uncounted(change, before, others) : change, scopesKept)
  if ('refused' in applied) return applied
  let row = others.length > 0 ? withoutShared(applied, author, others) : applied
  const folded = foldedBefore.filter((one) => others.some((other) => other.author === one))
  const foldedKeys: string[] = []
  for (const other of others) {
    if (!folded.includes(other.author)) {
      const isOld = now - other.writtenAt >= foldAfterMs && foldedKeys.length < foldedAtOnce
      if (!isOld && !erases(row, other.row)) continue
      row = joinRows(other.row, row) // with all scopes, until the next save: its author looks whether they are there
      folded.push(other.author)
    } // else a page ended before it could remove the key
    foldedKeys.push(other.key)
  }
  return { part: { key, author, row, writtenAt: now, folded }, foldedKeys }
}

/** The change without the counts of a message that another page's part has counted already. */
function uncounted(change: SessionChange, own: StoredRow | undefined, others: readonly Part[]): SessionChange {
  if (!change.counts) return change
  const known = new Set(own?.scopes.map(([scope]) => scope))
  const left = Object.entries(change.counts).filter(
    ([scope, totals]) => known.has(scope) || !others.some(({ row }) => covers(row, scope, totals)),
  )
  return { ...change, counts: Object.fromEntries(left) }
}

/** The row without what the part of an earlier author counts too: two pages recorded one message at the same moment. */
function withoutShared(row: StoredRow, author: string, others: readonly Part[]): StoredRow {
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

/** Whether the row takes a text out of the other one: that text is to be in no part from now on. */
function erases(row: StoredRow, other: StoredRow): boolean {
  const titles = joinTitles(other.titles, row.titles)
  return (
    isErased(other.preview, latest(other.preview, row.preview)) ||
    (['message', 'app', 'person'] as const).some((slot) => isErased(other.titles?.[slot], titles?.[slot]))
  )
}

function isErased(before: RankedText | undefined, after: RankedText | undefined): boolean {
  return before !== undefined && before.text !== '' && after?.text === ''
}

/** Whether the row says all that the other one says. */
function says(row: StoredRow, other: StoredRow): boolean {
  const both = joinRows(row, other)
  return contentOf(both) === contentOf(row)
}

function contentOf({ messages, usage, activity, preview, titles }: StoredRow): string {
  return JSON.stringify([messages, usage, activity.rank, preview, titles])
}

/** Writes this page's parts: one key per conversation, which nobody else writes. */
export function partWriter(parts: StoredParts, now: () => number) {
  /** What this page wrote last, by user and conversation. */
  const written = new Map<string, Part>()
  const isRemoved = (userId: string, conversationId: string) =>
    parts.storage.getItem(parts.tombstone(userId, conversationId)) !== null

  return {
    /** Applies the change to this page's part. The epoch was compared before. */
    save(change: SessionChange): RefusalReason | undefined {
      const { userId, conversationId, epoch } = change
      if (isRemoved(userId, conversationId)) return 'removed'
      const id = JSON.stringify([userId, conversationId])
      // One that begins is nowhere: looking for it would scan all keys.
      const known = parts.find(userId, conversationId, change.begins === undefined)
      const stored = known && parts.partsOf(known, epoch)
      const all = stored?.parts ?? []
      const own = all.find(({ key }) => key === written.get(id)?.key)
      // The first time, or another page has folded our part into its own: a key of ours is never written again after that.
      if (!own && stored?.isNewer) return 'newer-version'
      const row = own ? undefined : joinParts(all)
      const begins = change.begins ?? row?.startedAt
      if (!own && begins === undefined) return 'unknown'
      const workspace = row?.workspace ?? change.workspace
      const author = own?.author ?? randomScope()
      const key = own?.key ?? parts.newKey({ userId, workspace, conversationId, author })
      const changed = changedPart(
        { ...own, key, author },
        { ...change, workspace, ...(begins !== undefined && { begins }) },
        all.filter((one) => one !== own),
        now(),
      )
      if ('refused' in changed) return changed.refused
      parts.write(changed.part)
      written.set(id, changed.part)
      // The row first, then the keys: a page that ends in between leaves parts that are known to be folded.
      for (const folded of changed.foldedKeys) parts.removeKey(folded)
      return undefined
    },

    /**
     * A key is gone. If it was ours, folded by a page that had not seen our latest write yet, that is written again: to a row
     * that is still there only, because what was cleared stays cleared.
     */
    onRemovedElsewhere(key: string, epoch: string): void {
      const [id, own] = [...written].find(([, part]) => part.key === key) ?? []
      if (!id || !own) return
      written.delete(id)
      const { userId, conversationId } = own.row
      const known = parts.find(userId, conversationId, false)
      const row = known && parts.rowOf(known, epoch)
      if (isRemoved(userId, conversationId) || !row || row === 'newer-version' || says(row, own.row)) return
      const { workspace } = row
      const author = randomScope()
      const again = { ...own, author, row: { ...own.row, workspace } }
      const part = { ...again, key: parts.newKey({ userId, conversationId, workspace, author }) }
      parts.write(part)
      written.set(id, part)
    },

    /** What is remembered here names conversations. */
    forget: () => written.clear(),
  }
}
