import { parseJson } from '../../core/checks.js'
import { field } from './claude-message.js'
import { isNote, withoutNotes } from './transcript-notes.js'

/** One line of a transcript that is a JSON object. Versions differ in the rest, so fields are looked at one by one. */
export type TranscriptRecord = object

/** The record in a line, or `undefined`: a crash may leave half a line, or one half in another. */
export function parseRecord(bytes: Buffer): TranscriptRecord | undefined {
  const value = parseJson(bytes.toString())
  return typeof value === 'object' && value !== null ? value : undefined
}

/** What the user or the model said in a record. */
export interface Said {
  readonly role: 'user' | 'assistant'
  readonly text: string
  /** The record's own id, or the one that the app gave a message sent while the agent was busy. */
  readonly uuid: string
  readonly at?: number
  /** The API's message id: one answer may take several records. */
  readonly messageId?: string
}

/** What was said in a record, or `undefined`: tool calls, their results, thoughts and the CLI's notes are no messages. */
export function saidIn(record: TranscriptRecord): Said | undefined {
  const role = roleOf(record)
  const text = role && textSaidIn(record, role)
  if (!role || text === undefined) return undefined
  const at = timeOf(record)
  const id = field(field(record, 'message'), 'id')
  return {
    role,
    text,
    uuid: nonEmpty(field(record, 'uuid')) ?? '',
    ...(at === undefined ? {} : { at }),
    ...(role === 'assistant' && typeof id === 'string' ? { messageId: id } : {}),
  }
}

/** Whether `saidIn` gives something for a record. */
export function isSaid(record: TranscriptRecord): boolean {
  const role = roleOf(record)
  return role !== undefined && textSaidIn(record, role) !== undefined
}

/** Whether `a` and `b`, next to each other, are parts of one answer. */
export function isSameMessage(a: Pick<Said, 'messageId'> | undefined, b: Pick<Said, 'messageId'>): boolean {
  return a?.messageId !== undefined && a.messageId === b.messageId
}

/** When a record was written, in ms since the epoch. */
export function timeOf(record: TranscriptRecord): number | undefined {
  const timestamp = field(record, 'timestamp')
  const time = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

/** A text that is not empty, or `undefined`. */
export function nonEmpty(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The texts of a content, which is one text or a list of blocks. */
export function textsIn(content: unknown): readonly string[] {
  if (typeof content === 'string') return [content]
  if (!Array.isArray(content)) return []
  const texts: string[] = []
  for (const block of content) {
    const text = field(block, 'type') === 'text' ? field(block, 'text') : undefined
    if (typeof text === 'string') texts.push(text)
  }
  return texts
}

function textSaidIn(record: TranscriptRecord, role: Said['role']): string | undefined {
  if (isNote(record) || field(record, 'isSidechain') === true || nonEmpty(field(record, 'teamName'))) return undefined
  const texts = textsIn(field(field(record, 'message'), 'content'))
  const text = texts.map((part) => withoutNotes(role, part)).join('')
  return visible.test(text) ? text : undefined
}

function roleOf(record: TranscriptRecord): Said['role'] | undefined {
  const type = field(record, 'type')
  return type === 'user' || type === 'assistant' ? type : undefined
}

const visible = /\S/
