import type { Entry } from './index-entry.js'
import type { QueuedPrompt } from './queued-prompts.js'
import type { TranscriptIndex } from './transcript-index.js'

/**
 * The history as a person would see it, with the queued prompts that reached the model. Where nothing else says so, one did if the agent went
 * on behind it, or if it is the last thing there is.
 */
export function withQueuedPrompts(
  { deliveries }: TranscriptIndex,
  history: readonly Entry[],
  behind: readonly Entry[],
): readonly Entry[] {
  const all = [...history, ...behind]
  const isAnswered = answeredIn(all)
  const queued = all.flatMap(({ uuid, rare }) => (rare?.queued ? [{ ...rare.queued, uuid }] : []))
  const delivered = deliveries.of(queued)
  const uuids = new Set(all.map(({ uuid }) => uuid))
  let next = 0
  return all.filter((entry, index) => {
    const prompt = entry.rare?.queued
    if (!prompt) return entry.isShown
    const isDelivered = delivered[next++] ?? (isAnswered[index] || index >= history.length)
    return isDelivered && isNew(prompt, entry.uuid, uuids) && prompt.isShown
  })
}

/** Queued prompts that hang behind the last message of `chain`, with nothing but notes between. Marks what it met as part of the history. */
export function queuedBehind({ entries }: TranscriptIndex, chain: readonly Entry[]): readonly Entry[] {
  const leaf = chain.at(-1)
  if (!leaf) return []
  const children = childrenIn(entries)
  const toOthers = leadingToOthers(entries)
  const found: Entry[] = []
  const left = [leaf]
  for (let entry = left.pop(); entry; entry = left.pop()) {
    if (entry !== leaf) {
      if (entry.isHistory) continue
      entry.isHistory = true
      if (entry.rare?.queued && !toOthers.has(entry)) found.push(entry)
    }
    const next = [...(children.get(entry.uuid) ?? [])].sort(byTime)
    left.push(...next.filter((child) => !child.isHistory).reverse())
  }
  return found
}

/** A prompt that the history has already as a message is not shown twice. Notes that it is shown. */
function isNew({ isPrompt, sourceUuid }: QueuedPrompt, uuid: string, shown: Set<string>): boolean {
  if (!isPrompt) return false
  if (sourceUuid === undefined || sourceUuid === uuid) return true
  if (shown.has(sourceUuid)) return false
  shown.add(sourceUuid)
  return true
}

/** For each entry, whether the next thing behind it is a reply of the agent's, not another prompt. */
function answeredIn(all: readonly Entry[]): readonly boolean[] {
  const isLocal = localCommandsIn(all)
  const answered: boolean[] = []
  let next: 'reply' | 'prompt' | undefined
  for (const [back, entry] of all.toReversed().entries()) {
    const index = all.length - 1 - back
    answered[index] = next === 'reply'
    const { type, isMeta, rare, linked } = entry
    const hasResults = type === 'user' && linked !== undefined && (rare?.results.length ?? 0) > 0
    if (type === 'assistant' || hasResults || rare?.isInterruption) next = 'reply'
    else if (type === 'user' && !isMeta && !rare?.isSummary && !isLocal.has(entry)) next = 'prompt'
  }
  return answered
}

/** Commands that ran without the model, and what they printed: they stand behind a warning to the model. */
function localCommandsIn(all: readonly Entry[]): ReadonlySet<Entry> {
  const found = new Set<Entry>()
  for (const [index, { type, isMeta, rare }] of all.entries()) {
    if (type !== 'user' || !isMeta || rare?.local !== 'caveat') continue
    let hasRecord = false
    for (let below = index + 1; below < all.length; below++) {
      const entry = all[below]
      if (!entry || entry.type === 'assistant') break
      if (entry.type !== 'user' || entry.isMeta) continue
      const local = entry.rare?.local
      if (local === 'record' && !hasRecord) hasRecord = true
      else if (local !== 'output' || !hasRecord) break
      found.add(entry)
    }
  }
  return found
}

/** What is no message, by the entry it hangs behind. */
function childrenIn(entries: ReadonlyMap<string, Entry>): ReadonlyMap<string, ReadonlySet<Entry>> {
  const children = new Map<string, Set<Entry>>()
  for (const entry of entries.values()) {
    if (entry.type === 'user' || entry.type === 'assistant') continue
    for (const parent of [entry.parent, entry.linked]) {
      if (!parent) continue
      const known = children.get(parent)
      if (known) known.add(entry)
      else children.set(parent, new Set([entry]))
    }
  }
  return children
}

/** What lies on the way to a message of another branch. */
function leadingToOthers(entries: ReadonlyMap<string, Entry>): ReadonlySet<Entry> {
  const leading = new Set<Entry>()
  for (const entry of entries.values()) {
    const isMessage = entry.type === 'user' || entry.type === 'assistant'
    if (!isMessage || entry.isSidechain || entry.rare?.isTeam || entry.isHistory) continue
    for (let above = parentOf(entry); above && !above.isHistory && !leading.has(above); above = parentOf(above)) {
      leading.add(above)
    }
  }
  return leading

  function parentOf({ parent }: Entry): Entry | undefined {
    return parent === undefined ? undefined : entries.get(parent)
  }
}

function byTime({ timestamp: a = '' }: Entry, { timestamp: b = '' }: Entry): number {
  return a < b ? -1 : a > b ? 1 : 0
}
