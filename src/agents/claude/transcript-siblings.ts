import type { Entry } from './index-entry.js'
import type { TranscriptIndex } from './transcript-index.js'

/**
 * `chain` with what belongs to its answers but hangs beside it. An answer's parts and the results of its tool calls form a tree when tools run at
 * once, and a chain passes through one branch of it only. Marks what it adds as part of the history.
 */
export function withSiblings({ entries }: TranscriptIndex, chain: readonly Entry[]): readonly Entry[] {
  if (chain.length === entries.size) return chain
  const last = new Map<string, Entry>()
  for (const entry of chain) if (entry.messageId !== undefined) last.set(entry.messageId, entry)
  if (last.size === 0) return chain

  const answers = answersIn(entries)
  const answered = new Set(chain.flatMap(({ rare }) => rare?.results ?? []))
  const added = new Map<Entry, readonly Entry[]>()
  for (const [messageId, end] of last) {
    const parts = answers.parts.get(messageId) ?? []
    const missing = parts.filter((part) => !part.isHistory).sort(byTime)
    const results = resultsOf(parts, answers, answered).sort(byTime)
    const found = [...missing, ...results]
    for (const entry of found) entry.isHistory = true
    if (found.length > 0) added.set(end, found)
  }
  return added.size === 0 ? chain : chain.flatMap((entry) => [entry, ...(added.get(entry) ?? [])])
}

interface Answers {
  /** All parts of an answer, by the API's message id. */
  readonly parts: ReadonlyMap<string, readonly Entry[]>
  /** The part that makes a tool call; `undefined` where two answers claim the same call. */
  readonly callers: ReadonlyMap<string, Entry | undefined>
  /** The entries with results of a part's calls, as far as either names the other. */
  readonly results: ReadonlyMap<string, ReadonlySet<Entry>>
}

function answersIn(entries: ReadonlyMap<string, Entry>): Answers {
  const parts = new Map<string, Entry[]>()
  const callers = new Map<string, Entry | undefined>()
  const withResults: Entry[] = []
  for (const entry of entries.values()) {
    const { messageId, rare } = entry
    if (messageId !== undefined) {
      const known = parts.get(messageId)
      if (known) known.push(entry)
      else parts.set(messageId, [entry])
      for (const call of rare?.calls ?? []) {
        const isClear = !callers.has(call) || callers.get(call)?.messageId === messageId
        callers.set(call, isClear ? entry : undefined)
      }
    } else if (entry.linked && rare && rare.results.length > 0) withResults.push(entry)
  }
  const results = new Map<string, Set<Entry>>()
  const note = (uuid: string, result: Entry) => {
    const known = results.get(uuid)
    if (known) known.add(result)
    else results.set(uuid, new Set([result]))
  }
  for (const entry of withResults) {
    if (entry.linked) note(entry.linked, entry)
    const { calledBy, results: answered = [] } = entry.rare ?? {}
    const named = calledBy === undefined || calledBy === entry.linked ? undefined : entries.get(calledBy)
    for (const caller of [named, ...answered.map((call) => callers.get(call))]) {
      if (caller && isSameAgent(entry, caller)) note(caller.uuid, entry)
    }
  }
  return { parts, callers, results }
}

/** Entries with results of an answer's calls that are not in the history yet, each call answered once. */
function resultsOf(parts: readonly Entry[], { callers, results }: Answers, onChain: ReadonlySet<string>): Entry[] {
  const ids = new Set(parts.map(({ uuid }) => uuid))
  const found = new Set(parts.flatMap(({ uuid }) => [...(results.get(uuid) ?? [])].filter((entry) => !entry.isHistory)))
  const behind = [...found].filter(({ linked }) => linked !== undefined && ids.has(linked))
  const elsewhere = [...found].filter(({ linked }) => linked === undefined || !ids.has(linked))
  const answered = new Set([...onChain, ...behind.flatMap(({ rare }) => rare?.results ?? [])])
  // In the order of their first records, as they come from the index; those found by several parts stand where the first one put them.
  const useful = elsewhere.filter(({ rare }) => {
    const calls = rare?.results ?? []
    const isNeeded = calls.some((call) => !answered.has(call) && ids.has(callers.get(call)?.uuid ?? ''))
    if (isNeeded) for (const call of calls) answered.add(call)
    return isNeeded
  })
  return [...behind, ...useful]
}

function isSameAgent(a: Entry, b: Entry): boolean {
  return a.isSidechain === b.isSidechain && a.rare?.agentId === b.rare?.agentId
}

function byTime({ timestamp: a = '' }: Entry, { timestamp: b = '' }: Entry): number {
  return a.localeCompare(b)
}
