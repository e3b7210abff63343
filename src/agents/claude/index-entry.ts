import { entries, field } from './claude-message.js'
import { type QueuedPrompt, queuedPromptIn } from './queued-prompts.js'
import { isSaid, nonEmpty, type TranscriptRecord, textsIn } from './transcript-entry.js'
import { isInterruption } from './transcript-notes.js'

/** What is kept in memory of a record that has an id: how it hangs together with others, and where it stands. */
export interface Entry {
  readonly uuid: string
  readonly type: 'user' | 'assistant' | 'progress' | 'system' | 'attachment'
  /** The id of the entry before it, as it was written down. */
  readonly parent: string | undefined
  /** The same, now that compactions have moved what they kept. */
  linked: string | undefined
  /** The entry that `linked` names. */
  above: Entry | undefined
  /** Whether something of the main conversation hangs behind it. */
  hasMain: boolean
  /** Whether it is part of the history. */
  isHistory: boolean
  /** Its number among the records. Of several with one id the last one counts. */
  readonly order: number
  readonly offset: number
  readonly length: number
  /** Whether the conversation may end with it: no subagent's, no hook's. */
  readonly isMain: boolean
  readonly isSidechain: boolean
  readonly isMeta: boolean
  /** Whether a person would see something of it. */
  readonly isShown: boolean
  /** The API's message id, of an answer's part. */
  readonly messageId: string | undefined
  readonly timestamp: string | undefined
  /** Few entries have any of this. */
  readonly rare: RareFacts | undefined
}

/** What only some entries have. */
interface RareFacts {
  /** Ids of tool calls. */
  readonly calls: readonly string[]
  /** Ids of the tool calls that it has results of. */
  readonly results: readonly string[]
  /** The entry whose tool call it answers, if it is not its parent. */
  readonly calledBy: string | undefined
  readonly agentId: unknown
  readonly compaction: Compaction | undefined
  readonly queued: QueuedPrompt | undefined
  readonly isInterruption: boolean
  /** A command that ran without the model: its record, its output, the warning before both. */
  readonly local: 'record' | 'output' | 'caveat' | undefined
  readonly isTeam: boolean
  readonly isSummary: boolean
}

/** Where a compaction begins. */
export interface Compaction {
  /** The last entry before it. */
  readonly before: string | undefined
  /** The entry behind which it keeps others. */
  readonly anchor: string | undefined
  readonly kept: readonly string[] | undefined
  readonly keptFrom: string | undefined
  readonly keptTo: string | undefined
}

/** Where a record stands. */
interface Place {
  readonly order: number
  readonly offset: number
  readonly length: number
}

/** The entry in a record, if it is one. `same` gives the text that is kept already for an id, so that it is not kept twice. */
export function entryIn(
  record: TranscriptRecord,
  { order, offset, length }: Place,
  same: (id: string) => string,
): Entry | undefined {
  const uuid = field(record, 'uuid')
  const type = field(record, 'type')
  if (typeof uuid !== 'string' || !isEntryType(type)) return undefined
  const parentUuid = nonEmpty(field(record, 'parentUuid'))
  const parent = parentUuid === undefined ? undefined : same(parentUuid)
  const isSidechain = Boolean(field(record, 'isSidechain'))
  const isTeam = Boolean(field(record, 'teamName'))
  const messageId = type === 'assistant' ? field(field(record, 'message'), 'id') : undefined
  const timestamp = field(record, 'timestamp')
  return {
    uuid,
    type,
    parent,
    linked: parent,
    above: undefined,
    hasMain: false,
    isHistory: false,
    order,
    offset,
    length,
    isMain: !isSidechain && !isTeam && type !== 'progress' && !isBriefing(record, type),
    isSidechain,
    isMeta: Boolean(field(record, 'isMeta')),
    isShown: isSaid(record),
    messageId: typeof messageId === 'string' ? messageId : undefined,
    timestamp: typeof timestamp === 'string' ? timestamp : undefined,
    rare: rareFactsIn(record, type, isTeam),
  }
}

function rareFactsIn(record: TranscriptRecord, type: Entry['type'], isTeam: boolean): RareFacts | undefined {
  const content = field(field(record, 'message'), 'content')
  const calls = type === 'assistant' ? blockIds(content, 'tool_use', 'id') : none
  const results = type === 'user' ? blockIds(content, 'tool_result', 'tool_use_id') : none
  const compaction = type === 'system' ? compactionIn(record) : undefined
  const queued = type === 'attachment' ? queuedPromptIn(record) : undefined
  const isCut = type === 'user' && isInterrupted(content)
  const local = type === 'user' && field(record, 'promptSource') === undefined ? localIn(content) : undefined
  const isSummary = field(record, 'isCompactSummary') === true
  const isRare = calls !== none || results !== none || compaction || queued || isCut || local || isTeam || isSummary
  if (!isRare) return undefined
  return {
    calls,
    results,
    calledBy: nonEmpty(field(record, 'sourceToolAssistantUUID')),
    agentId: field(record, 'agentId'),
    compaction,
    queued,
    isInterruption: isCut,
    local,
    isTeam,
    isSummary,
  }
}

const none: readonly string[] = []

/** The texts at `name` in the blocks of one type. */
function blockIds(content: unknown, type: string, name: string): readonly string[] {
  if (!Array.isArray(content)) return none
  const ids: string[] = []
  for (const block of content) {
    const id = field(block, 'type') === type ? field(block, name) : undefined
    if (typeof id === 'string') ids.push(id)
  }
  return ids.length === 0 ? none : ids
}

function compactionIn(record: TranscriptRecord): Compaction | undefined {
  if (field(record, 'subtype') !== 'compact_boundary') return undefined
  const metadata = field(record, 'compactMetadata')
  const messages = field(metadata, 'preservedMessages')
  const segment = field(metadata, 'preservedSegment')
  return {
    before: nonEmpty(field(record, 'logicalParentUuid')),
    anchor: nonEmpty(field(messages ?? segment, 'anchorUuid')),
    kept: messages ? entries(messages, 'uuids').filter((uuid) => typeof uuid === 'string') : undefined,
    keptFrom: nonEmpty(field(segment, 'headUuid')),
    keptTo: nonEmpty(field(segment, 'tailUuid')),
  }
}

function isInterrupted(content: unknown): boolean {
  if (typeof content === 'string') return isInterruption(content)
  if (!Array.isArray(content) || content.length === 0) return false
  return content.every((block) => {
    const type = field(block, 'type')
    const isFailed = type === 'tool_result' && field(block, 'is_error') === true
    const text = type === 'text' ? field(block, 'text') : isFailed ? field(block, 'content') : undefined
    return typeof text === 'string' && isInterruption(text)
  })
}

function localIn(content: unknown): RareFacts['local'] {
  const text = textsIn(content).at(-1)
  if (!text?.startsWith('<')) return undefined
  return localBeginnings.find(([beginning]) => text.startsWith(beginning))?.[1]
}

const localBeginnings = [
  ['<command-name>', 'record'],
  ['<local-command-stdout>', 'output'],
  ['<local-command-stderr>', 'output'],
  ['<local-command-caveat>', 'caveat'],
] as const

function isBriefing(record: TranscriptRecord, type: Entry['type']): boolean {
  return type === 'attachment' && field(field(record, 'attachment'), 'type') === 'fork_briefing'
}

function isEntryType(type: unknown): type is Entry['type'] {
  return type === 'user' || type === 'assistant' || type === 'progress' || type === 'system' || type === 'attachment'
}
