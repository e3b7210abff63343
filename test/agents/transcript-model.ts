import { preview } from '../../src/core/text.js'

// What a transcript says, read the plain way: the whole file at once, every line parsed, every entry in a map.

interface ModelEntry {
  readonly type?: string
  readonly uuid?: string
  readonly parentUuid?: string | null
  readonly logicalParentUuid?: string
  readonly isSidechain?: boolean
  readonly isMeta?: boolean
  readonly timestamp?: string
  readonly modelUsage?: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly message?: {
    readonly id?: string
    readonly content: string | readonly { readonly type: string; readonly text?: string }[]
    readonly usage?: Readonly<Record<string, number>>
  }
}

export function modelOf(content: string) {
  const entries = content.split('\n').flatMap(parse)
  const messages = messagesOf(branchOf(entries))
  const times = entries.flatMap(({ timestamp }) => (timestamp === undefined ? [] : [Date.parse(timestamp)]))
  const tokenUsage = usageOf(entries)
  const lastMessagePreview = preview(messages.at(-1)?.text ?? '')
  return {
    messages: messages.map(({ role, text, at }) => ({ role, text, ...(at === undefined ? {} : { at }) })),
    summary: {
      messageCount: messages.length,
      ...(times[0] === undefined ? {} : { startedAt: times[0] }),
      ...(lastMessagePreview === undefined ? {} : { lastMessagePreview }),
      ...(tokenUsage === undefined ? {} : { tokenUsage }),
    },
  }
}

function parse(line: string): ModelEntry[] {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? [value] : []
  } catch {
    return []
  }
}

/** The entries of the conversation that was written to last, oldest first. */
function branchOf(entries: readonly ModelEntry[]): readonly ModelEntry[] {
  const placed = entries.filter(({ type, uuid }) => uuid !== undefined && entryTypes.has(type ?? ''))
  // The last one with an id counts.
  const byUuid = new Map(placed.map((entry) => [entry.uuid, entry]))
  const main = [...byUuid.values()].filter(({ isSidechain, type }) => !isSidechain && type !== 'progress')
  const parents = new Set(main.map(({ parentUuid }) => parentUuid))
  const ends = main
    .filter(({ uuid }) => !parents.has(uuid))
    .sort((a, b) => placed.lastIndexOf(b) - placed.lastIndexOf(a))
  for (const end of ends) {
    let leaf: ModelEntry | undefined = end
    while (leaf && leaf.type !== 'user' && leaf.type !== 'assistant') leaf = byUuid.get(leaf.parentUuid ?? '')
    if (leaf) return withParts(upFrom(leaf, byUuid), byUuid)
  }
  return []
}

function upFrom(leaf: ModelEntry, byUuid: ReadonlyMap<string | undefined, ModelEntry>): ModelEntry[] {
  const branch: ModelEntry[] = []
  let entry: ModelEntry | undefined = leaf
  while (entry) {
    branch.unshift(entry)
    entry = byUuid.get(entry.parentUuid ?? entry.logicalParentUuid ?? '')
  }
  return branch
}

/** With the parts of its answers that hang beside it, each behind the last part on the branch. */
function withParts(
  branch: readonly ModelEntry[],
  byUuid: ReadonlyMap<string | undefined, ModelEntry>,
): readonly ModelEntry[] {
  return branch.flatMap((entry, index) => {
    const id = entry.type === 'assistant' ? entry.message?.id : undefined
    if (id === undefined || branch.slice(index + 1).some((later) => later.message?.id === id)) return [entry]
    const beside = [...byUuid.values()].filter(({ type, message }) => type === 'assistant' && message?.id === id)
    const missing = beside.filter((part) => !branch.includes(part))
    return [entry, ...missing.sort((a, b) => (a.timestamp ?? '').localeCompare(b.timestamp ?? ''))]
  })
}

function messagesOf(branch: readonly ModelEntry[]) {
  const messages: { role: string; text: string; id?: string | undefined; at: number | undefined }[] = []
  for (const { type, message, isMeta, isSidechain, timestamp } of branch) {
    if ((type !== 'user' && type !== 'assistant') || !message || isMeta || isSidechain) continue
    const { content } = message
    const text = typeof content === 'string' ? content : content.map((block) => block.text ?? '').join('')
    if (text.trim() === '') continue
    const id = type === 'assistant' ? message.id : undefined
    const last = messages.at(-1)
    if (last && id !== undefined && last.id === id) last.text += text
    else messages.push({ role: type, text, id, at: timestamp === undefined ? undefined : Date.parse(timestamp) })
  }
  return messages
}

function usageOf(entries: readonly ModelEntry[]) {
  const totals = entries
    .filter(({ type }) => type === 'cost-state')
    .map(({ modelUsage }) =>
      add(Object.values(modelUsage ?? {}), {
        input: 'inputTokens',
        output: 'outputTokens',
        cacheRead: 'cacheReadInputTokens',
        cacheWrite: 'cacheCreationInputTokens',
      }),
    )
  // A running total only grows.
  const sizes = totals.map((total) => Object.values(total).reduce((a, b) => a + b, 0))
  const greatest = totals.findLast((_, index) => sizes[index] === Math.max(...sizes))
  if (greatest) return greatest
  // Of the entries of one answer, the one with the most output is complete.
  const byAnswer = new Map<unknown, Readonly<Record<string, number>>>()
  for (const { type, message } of entries) {
    if (type !== 'assistant' || !message?.usage) continue
    const known = byAnswer.get(message.id ?? message)?.output_tokens ?? 0
    if ((message.usage.output_tokens ?? 0) >= known) byAnswer.set(message.id ?? message, message.usage)
  }
  return byAnswer.size === 0
    ? undefined
    : add([...byAnswer.values()], {
        input: 'input_tokens',
        output: 'output_tokens',
        cacheRead: 'cache_read_input_tokens',
        cacheWrite: 'cache_creation_input_tokens',
      })
}

function add(
  usages: readonly Readonly<Record<string, number>>[],
  names: Readonly<Record<string, string>>,
): Record<string, number> {
  const sums = Object.entries(names).map(([name, field]) => [
    name,
    usages.reduce((sum, usage) => sum + (usage[field] ?? 0), 0),
  ])
  return Object.fromEntries(sums)
}

const entryTypes = new Set(['user', 'assistant', 'progress', 'system', 'attachment'])
