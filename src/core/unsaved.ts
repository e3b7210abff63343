import { preview } from './preview.js'
import type { ConversationSession, TokenUsage } from './session.js'

/**
 * What was recorded about a conversation since its row was last read or saved, apart from the row itself. When another
 * tab or device saved in between, it is applied to what they stored, so nothing is lost and nothing counted twice.
 */
export interface Unsaved {
  readonly messages?: number
  readonly usage?: TokenUsage
  /** Ms since the epoch. */
  readonly lastActivity?: number
  readonly lastMessagePreview?: string
  /** `''` takes the title away. */
  readonly title?: string
}

/** One message as the app records it. */
export interface RecordedMessage {
  readonly role: 'user' | 'assistant'
  readonly text: string
  readonly usage?: TokenUsage
}

/** What recording `message` at `now` adds. */
export function unsavedMessage(message: RecordedMessage, now: number): Unsaved {
  const lastMessagePreview = preview(message.text)
  return {
    messages: 1,
    lastActivity: now,
    ...(message.usage && { usage: checkedUsage(message.usage) }),
    ...(lastMessagePreview !== undefined && { lastMessagePreview }),
  }
}

/** Both, `later` recorded after `earlier`. */
export function mergeUnsaved(earlier: Unsaved, later: Unsaved): Unsaved {
  const usage = addUsage(earlier.usage, later.usage)
  return {
    ...earlier,
    ...later,
    ...sum('messages', earlier.messages, later.messages),
    ...(usage && { usage }),
    ...latest(earlier.lastActivity, later.lastActivity),
  }
}

/** The row with what was recorded since: counts and usage add up, activity is the latest, preview and title are the last ones. */
export function applyUnsaved(row: ConversationSession, unsaved: Unsaved): ConversationSession {
  const { title: oldTitle, ...rest } = row
  const title = unsaved.title ?? oldTitle
  const tokenUsage = addUsage(row.tokenUsage, unsaved.usage)
  return {
    ...rest,
    ...(title !== undefined && title !== '' && { title }),
    ...(tokenUsage && { tokenUsage }),
    ...(unsaved.lastMessagePreview !== undefined && { lastMessagePreview: unsaved.lastMessagePreview }),
    messageCount: row.messageCount + (unsaved.messages ?? 0),
    lastActivity: Math.max(row.lastActivity, unsaved.lastActivity ?? 0),
  }
}

/** The row without what a person wrote: title and preview. */
export function withoutContent(row: ConversationSession): ConversationSession {
  const { title: _title, lastMessagePreview: _preview, ...rest } = row
  return rest
}

/** Agents leave numbers out that their types promise; one such number must not spoil the whole row. */
function checkedUsage({ input, output, cacheRead, cacheWrite }: TokenUsage): TokenUsage {
  const count = (tokens: number): number => (Number.isFinite(tokens) && tokens > 0 ? tokens : 0)
  return { input: count(input), output: count(output), cacheRead: count(cacheRead), cacheWrite: count(cacheWrite) }
}

function addUsage(a: TokenUsage | undefined, b: TokenUsage | undefined): TokenUsage | undefined {
  if (!a || !b) return a ?? b
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
  }
}

function sum(name: 'messages', a: number | undefined, b: number | undefined): Unsaved {
  return a === undefined && b === undefined ? {} : { [name]: (a ?? 0) + (b ?? 0) }
}

function latest(a: number | undefined, b: number | undefined): Unsaved {
  return a === undefined && b === undefined ? {} : { lastActivity: Math.max(a ?? 0, b ?? 0) }
}
