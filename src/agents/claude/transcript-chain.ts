import type { Compaction, Entry } from './index-entry.js'
import type { TranscriptIndex } from './transcript-index.js'

/**
 * The entries of the conversation as it stands, oldest first: those that Claude would resume. Entries point to the one before, and two turns at
 * once make a tree, of which the branch counts that was written last. Where a line stands in the file says nothing else: a child may be
 * flushed before its parent. Marks what it gives as part of the history.
 */
export function chainOf({ entries, hasCompactions }: TranscriptIndex): readonly Entry[] {
  if (hasCompactions) relink(entries)
  for (const entry of entries.values()) {
    entry.above = at(entries, entry.linked)
    if (entry.isMain && entry.above) entry.above.hasMain = true
  }
  const chain: Entry[] = []
  for (let entry = mainLeaf(entries) ?? anyLeaf(entries); entry && !entry.isHistory; entry = entry.above) {
    entry.isHistory = true
    chain.push(entry)
  }
  return chain.reverse()
}

/**
 * What was said before the compaction that `chain` begins with, and before those above, oldest first, as far as it is not part of the
 * history yet.
 */
export function chainBefore({ entries }: TranscriptIndex, chain: readonly Entry[]): readonly Entry[] {
  const top = chain[0]
  const before: Entry[] = []
  const seen = new Set<Entry>()
  let entry = top && !top.linked ? at(entries, top.rare?.compaction?.before) : undefined
  for (; entry && !seen.has(entry); entry = at(entries, entry.parent ?? entry.rare?.compaction?.before)) {
    seen.add(entry)
    if (entry.isHistory) continue
    entry.isHistory = true
    before.push(entry)
  }
  return before.reverse()
}

/** A compaction keeps some entries: they hang behind its summary from then on, and what hung there hangs behind them. */
function relink(entries: ReadonlyMap<string, Entry>): void {
  for (const { rare } of entries.values()) {
    if (rare?.compaction) keep(rare.compaction, entries)
  }
}

function keep({ anchor, kept, keptFrom, keptTo }: Compaction, entries: ReadonlyMap<string, Entry>): void {
  let first = keptFrom
  let last = keptTo
  if (kept) {
    if (kept.length === 0 || kept.some((uuid) => !entries.has(uuid))) return
    let before = anchor
    for (const uuid of kept) {
      const entry = entries.get(uuid)
      if (entry) entry.linked = before
      before = uuid
    }
    first = kept[0]
    last = kept.at(-1)
  } else {
    const head = at(entries, first)
    if (head) head.linked = anchor
  }
  if (anchor === undefined) return
  for (const entry of entries.values()) {
    if (entry.linked === anchor && entry.uuid !== first) entry.linked = last
  }
}

/** The last message with nothing behind it that belongs to the main conversation. */
function mainLeaf(entries: ReadonlyMap<string, Entry>): Entry | undefined {
  const ends: Entry[] = []
  for (const entry of entries.values()) if (entry.isMain && !entry.hasMain) ends.push(entry)
  ends.sort((a, b) => b.order - a.order)
  const seen = new Set<Entry>()
  for (const end of ends) {
    for (let entry: Entry | undefined = end; entry && !seen.has(entry); entry = entry.above) {
      if (isMessage(entry)) return entry
      seen.add(entry)
    }
  }
  return undefined
}

/** A transcript without an end of its main conversation, such as one of a subagent only. */
function anyLeaf(entries: ReadonlyMap<string, Entry>): Entry | undefined {
  const parents = new Set<Entry>()
  for (const { above } of entries.values()) if (above) parents.add(above)
  const found: Entry[] = []
  for (const end of entries.values()) {
    if (parents.has(end)) continue
    const seen = new Set<Entry>()
    let entry: Entry | undefined = end
    while (entry && !seen.has(entry) && !isMessage(entry)) {
      seen.add(entry)
      entry = entry.above
    }
    if (entry && isMessage(entry)) found.push(entry)
  }
  const main = found.filter((entry) => !entry.isSidechain && !entry.isMeta && !entry.rare?.isTeam)
  return (main.length > 0 ? main : found).sort((a, b) => b.order - a.order)[0]
}

function at(entries: ReadonlyMap<string, Entry>, uuid: string | undefined): Entry | undefined {
  return uuid === undefined ? undefined : entries.get(uuid)
}

function isMessage({ type }: Entry): boolean {
  return type === 'user' || type === 'assistant'
}
