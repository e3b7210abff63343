import { preview } from '../../src/core/preview.js'

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
    messages: messages.map(({ role, text, time }) => ({ role, text, ...(time === undefined ? {} : { time }) })),
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

function branchOf(entries: readonly ModelEntry[]): readonly ModelEntry[] {
  const byUuid = new Map(entries.flatMap((entry) => (entry.uuid === undefined ? [] : [[entry.uuid, entry]])))
  const branch: ModelEntry[] = []
  let entry = entries.findLast(({ uuid, isSidechain }) => uuid !== undefined && !isSidechain)
  while (entry) {
    branch.unshift(entry)
    entry = byUuid.get(entry.parentUuid ?? entry.logicalParentUuid ?? '')
  }
  return branch
}

function messagesOf(branch: readonly ModelEntry[]) {
  const messages: { role: string; text: string; id?: string | undefined; time: number | undefined }[] = []
  for (const { type, message, isMeta, timestamp } of branch) {
    if ((type !== 'user' && type !== 'assistant') || !message || isMeta) continue
    const { content } = message
    const text = typeof content === 'string' ? content : content.map((block) => block.text ?? '').join('')
    if (text.trim() === '') continue
    const id = type === 'assistant' ? message.id : undefined
    const last = messages.at(-1)
    if (last && id !== undefined && last.id === id) last.text += text
    else messages.push({ role: type, text, id, time: timestamp === undefined ? undefined : Date.parse(timestamp) })
  }
  return messages
}

function usageOf(entries: readonly ModelEntry[]) {
  const total = entries.findLast(({ type }) => type === 'cost-state')
  if (total) {
    return add(Object.values(total.modelUsage ?? {}), {
      input: 'inputTokens',
      output: 'outputTokens',
      cacheRead: 'cacheReadInputTokens',
      cacheWrite: 'cacheCreationInputTokens',
    })
  }
  // A later entry of the same answer replaces the earlier one.
  const byAnswer = new Map<unknown, Readonly<Record<string, number>>>()
  for (const { type, message } of entries) {
    if (type === 'assistant' && message?.usage) byAnswer.set(message.id ?? message, message.usage)
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

function add(usages: readonly Readonly<Record<string, number>>[], names: Readonly<Record<string, string>>) {
  const sums = Object.entries(names).map(([name, field]) => [
    name,
    usages.reduce((sum, usage) => sum + (usage[field] ?? 0), 0),
  ])
  return Object.fromEntries(sums)
}
