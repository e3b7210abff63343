import { writeFileSync } from 'node:fs'
import { getSessionMessages, type SessionMessage } from '@anthropic-ai/claude-agent-sdk'
import { field } from '../../src/agents/claude/claude-message.js'
import { isNote, withoutNotes } from '../../src/agents/claude/transcript-notes.js'

// What the SDK's own reader makes of a file, put in our terms: less the documented notes, the parts of an answer as one message, and before a
// compaction what the SDK itself would have shown then.

export interface ReadMessage {
  readonly role: string
  readonly text: string
  readonly at?: number
}

/** `path` is where the SDK looks for the session in the folder `dir`. */
export async function readBySdk(sessionId: string, dir: string, path: string, bytes: Buffer): Promise<ReadMessage[]> {
  writeFileSync(path, bytes)
  const records = recordsIn(bytes)
  const shown = await getSessionMessages(sessionId, { dir })
  const hasCompaction = [...records.values()].some(({ subtype }) => subtype === 'compact_boundary')
  const [top] = hasCompaction ? await getSessionMessages(sessionId, { dir, includeSystemMessages: true }) : []
  const boundary = top && records.get(top.uuid)
  const before = boundary && !boundary.parentUuid ? boundary.logicalParentUuid : undefined
  const isCompaction = field(boundary, 'subtype') === 'compact_boundary'
  const earlier = isCompaction && typeof before === 'string' ? await readUpTo(before) : []
  const known = new Set(shown.map(({ uuid }) => uuid))
  return joined(
    [...earlier.filter(({ uuid }) => !known.has(uuid)), ...shown].flatMap((message) => said(message, records)),
  )

  /** The conversation that ends with `uuid`, as if nothing had been compacted. */
  async function readUpTo(uuid: string): Promise<SessionMessage[]> {
    const probe = { type: 'user', uuid: 'probe', parentUuid: uuid, message: { role: 'user', content: 'probe' } }
    writeFileSync(path, `${linesOf(bytes).map(uncompacted).join('\n')}\n${JSON.stringify(probe)}\n`)
    const read = await getSessionMessages(sessionId, { dir })
    return read.filter((message) => message.uuid !== probe.uuid)
  }
}

type Raw = Readonly<Record<string, unknown>>

/** A boundary hangs on what was before it, and keeps nothing. Every other line is as it was. */
function uncompacted(line: string): string {
  const record = parsed(line)
  if (record?.subtype !== 'compact_boundary') return line
  return JSON.stringify({ ...record, parentUuid: record.parentUuid ?? record.logicalParentUuid, compactMetadata: {} })
}

function said(message: SessionMessage, records: ReadonlyMap<string, Raw>) {
  const record = records.get(message.uuid)
  if (isNote({ ...record, origin: field(message, 'origin') ?? record?.origin })) return []
  const role = message.type === 'assistant' ? 'assistant' : 'user'
  const content = field(message.message, 'content')
  const texts = Array.isArray(content) ? content.map((block) => block.type === 'text' && block.text) : [content]
  const text = texts.map((part) => (typeof part === 'string' ? withoutNotes(role, part) : '')).join('')
  const id = role === 'assistant' ? field(message.message, 'id') : undefined
  const at = Date.parse(String(field(message, 'timestamp')))
  return text.trim() === '' ? [] : [{ id, role, text, ...(Number.isNaN(at) ? {} : { at }) }]
}

function joined(messages: readonly (ReadMessage & { readonly id: unknown })[]): ReadMessage[] {
  const found: (ReadMessage & { readonly id: unknown })[] = []
  for (const message of messages) {
    const last = found.at(-1)
    if (last?.id !== undefined && last.id === message.id)
      found[found.length - 1] = { ...last, text: last.text + message.text }
    else found.push(message)
  }
  return found.map(({ id, ...message }) => message)
}

function linesOf(bytes: Buffer): string[] {
  return bytes.toString().split('\n')
}

/** By id; of several with one id the last one counts. */
function recordsIn(bytes: Buffer): ReadonlyMap<string, Raw> {
  return new Map(linesOf(bytes).flatMap((line) => entry(parsed(line))))
}

/** All that can be read, ids or not. */
export function allRecordsIn(bytes: Buffer): readonly Raw[] {
  return linesOf(bytes).flatMap((line): Raw[] => {
    const record = parsed(line)
    return record ? [record] : []
  })
}

function entry(record: Raw | undefined): [string, Raw][] {
  return typeof record?.uuid === 'string' ? [[record.uuid, record]] : []
}

function parsed(line: string): Raw | undefined {
  try {
    const value: unknown = JSON.parse(line.replace(/^[\0-\x20]+/, ''))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
