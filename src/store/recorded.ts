import type { RankedText, TitleSlot, Titles } from '../core/change.js'
import { maxTitleLength } from '../core/checks.js'
import type { TokenUsage } from '../core/session.js'
import { firstCodePoints, preview, wellFormed } from '../core/text.js'

/** One message as the app records it. */
export interface RecordedMessage {
  readonly role: 'user' | 'assistant'
  readonly text: string
  readonly usage?: TokenUsage
  /** The message's id. With it the message counts once, however many pages record it. */
  readonly messageId?: string
  /**
   * When it was said, in ms since the epoch, for a message that may have been recorded before, such as one that was loaded: it
   * is counted unless it is known, and moves the conversation no further than to that time. Needs the `messageId`.
   */
  readonly at?: number
}

/** What was recorded at one moment. */
export interface Recorded {
  readonly message?: { readonly scope: string | undefined; readonly usage: TokenUsage | undefined }
  readonly activity?: { readonly at: number; readonly rank: number }
  readonly preview?: RankedText
  readonly titles?: Titles
}

/** The longest title taken from a message, in code points. */
const maxMessageTitle = 60

/** What recording the message adds. */
export function recordedMessage(
  { role, text, usage, messageId }: RecordedMessage,
  {
    at,
    rank,
    isNew,
    keepsContent,
    scopeOf,
  }: { at: number; rank: number; isNew: boolean; keepsContent: boolean; scopeOf: (id: string) => string },
): Recorded {
  const scope = messageId === undefined ? undefined : scopeOf(messageId)
  const shown = keepsContent ? preview(wellFormed(text)) : undefined
  // Of a message that comes again nobody knows here whether it was the first.
  const title = shown !== undefined && role === 'user' && isNew ? firstCodePoints(shown, maxMessageTitle).trim() : ''
  return {
    message: { scope, usage: usage && wholeUsage(usage) },
    activity: { at, rank },
    ...(shown !== undefined && { preview: { text: shown, rank } }),
    ...(title !== '' && { titles: { message: { text: title, rank } } }),
  }
}

/** What giving the conversation a title adds. */
export function recordedTitle(text: string, by: TitleSlot, rank: number): Recorded {
  return { titles: { [by]: { text: firstCodePoints(wellFormed(text.trim()), maxTitleLength), rank } } }
}

/** Agents leave out numbers that their types promise, or give fractions; one such number must not spoil the row. */
function wholeUsage({ input, output, cacheRead, cacheWrite }: TokenUsage): TokenUsage {
  return {
    input: wholeCount(input),
    output: wholeCount(output),
    ...(cacheRead !== undefined && { cacheRead: wholeCount(cacheRead) }),
    ...(cacheWrite !== undefined && { cacheWrite: wholeCount(cacheWrite) }),
  }
}

export function wholeCount(value: number): number {
  return Number.isFinite(value) && value > 0 ? Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER) : 0
}
