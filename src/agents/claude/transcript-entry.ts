import { parseJson } from '../../core/parse-json.js'
import { entries, field } from './claude-message.js'

/** One line of a transcript that is a JSON object. Versions differ in the rest, so fields are looked at one by one. */
export type TranscriptEntry = object

/** The entry in a line, or `undefined`: a crash may leave half a line. */
export function parseEntry(bytes: Buffer): TranscriptEntry | undefined {
  const value = parseJson(bytes.toString())
  return typeof value === 'object' && value !== null ? value : undefined
}

/** What the user or the model said in an entry. */
export interface Said {
  readonly role: 'user' | 'assistant'
  readonly text: string
  readonly time?: number
  /** The API's message id: one answer may take several entries. */
  readonly messageId?: string
}

/** What was said in an entry, or `undefined`: tool calls, their results, and what the CLI notes for itself are no messages. */
export function saidIn(entry: TranscriptEntry): Said | undefined {
  const role = field(entry, 'type')
  if (role !== 'user' && role !== 'assistant') return undefined
  if (field(entry, 'isMeta') === true || field(entry, 'isCompactSummary') === true) return undefined
  const message = field(entry, 'message')
  const text = textOf(message)
  if (text.trim() === '' || (role === 'user' && commandMarkup.test(text))) return undefined
  const time = timeOf(entry)
  const id = field(message, 'id')
  return {
    role,
    text,
    ...(time === undefined ? {} : { time }),
    ...(role === 'assistant' && typeof id === 'string' ? { messageId: id } : {}),
  }
}

/** Whether `a` and `b`, next to each other, are parts of one answer. */
export function isSameMessage(a: Said | undefined, b: Said): boolean {
  return a?.messageId !== undefined && a.messageId === b.messageId
}

/** When an entry was written, in ms since the epoch. */
export function timeOf(entry: TranscriptEntry): number | undefined {
  const timestamp = field(entry, 'timestamp')
  const time = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

/** How the CLI writes down its own commands, such as `/compact`, and what they printed. */
const commandMarkup = /^\s*<(?:command-name|local-command-)/

function textOf(message: unknown): string {
  const content = field(message, 'content')
  if (typeof content === 'string') return content
  const texts = entries(message, 'content').map((block) =>
    field(block, 'type') === 'text' ? field(block, 'text') : undefined,
  )
  return texts.filter((text) => typeof text === 'string').join('')
}
