import { parseJson } from '../../core/parse-json.js'
import type { RankedSession } from './session.js'

/** Where a page of a list ends. */
export type Cursor = Pick<RankedSession, 'rank' | 'conversationId'>

/** The cursor as the opaque text that `list` gives. */
export function writeCursor({ rank, conversationId }: Cursor): string {
  return JSON.stringify([rank, conversationId])
}

/** What {@link writeCursor} wrote; `undefined`, the beginning of the list, for anything else. */
export function parseCursor(text: string | undefined): Cursor | undefined {
  const value = text === undefined ? undefined : parseJson(text)
  if (!Array.isArray(value)) return undefined
  const [rank, conversationId]: unknown[] = value
  return typeof rank === 'number' && typeof conversationId === 'string' ? { rank, conversationId } : undefined
}
