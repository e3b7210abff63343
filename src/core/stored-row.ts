import * as z from 'zod/mini'
import { LeftoffError } from './error.js'
import { maxPreviewLength } from './preview.js'
import type { ConversationSession, TokenUsage } from './session.js'

/** The version of the stored form that this code writes. A higher one is left alone. */
export const schemaVersion = 1

/** A row as adapters keep it: the session, and beside it what the contract needs. */
export interface StoredRow {
  readonly schemaVersion: number
  /** Of the last accepted save. */
  readonly saveId: string
  readonly session: ConversationSession
}

/** What reading a stored value can give. */
export type ReadRow =
  | { readonly kind: 'row'; readonly row: StoredRow }
  | { readonly kind: 'newer-version' | 'invalid'; readonly error: LeftoffError }

/** Checks a value that came from outside: storage, another tab, a server. Never throws. */
export function readStoredRow(value: unknown): ReadRow {
  const row = z.safeParse(storedRow, value)
  if (row.success) return { kind: 'row', row: row.data }
  const version = z.safeParse(versioned, value)
  if (version.success && version.data.schemaVersion > schemaVersion) {
    return {
      kind: 'newer-version',
      error: new LeftoffError(
        'newer-version',
        `A stored session has schema version ${version.data.schemaVersion}; this code knows ${schemaVersion}. It was left alone; update leftoff to read it.`,
      ),
    }
  }
  return {
    kind: 'invalid',
    error: new LeftoffError('invalid-session', 'A stored session could not be read. Its bytes were set aside.', {
      cause: row.error,
    }),
  }
}

// Generous, so that nothing real is refused, and finite, so that nothing hostile fills the memory.
const maxTextLength = 4096

const text = z.string().check(z.minLength(1), z.maxLength(maxTextLength))
const count = z.number().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER))

/** Token totals read from outside. */
export const tokenUsage: z.ZodMiniType<TokenUsage> = z.object({
  input: count,
  output: count,
  cacheRead: count,
  cacheWrite: count,
})

/** The shape every read from outside must have. */
export const conversationSession: z.ZodMiniType<ConversationSession> = z.object({
  conversationId: text,
  workspace: text,
  userId: z.string().check(z.maxLength(maxTextLength)),
  tabId: z.exactOptional(text),
  startedAt: count,
  lastActivity: count,
  messageCount: count,
  // A code point is at most two UTF-16 code units.
  lastMessagePreview: z.exactOptional(z.string().check(z.maxLength(2 * maxPreviewLength))),
  tokenUsage: z.exactOptional(tokenUsage),
  title: z.exactOptional(z.string().check(z.maxLength(maxTextLength))),
  revision: count.check(z.int()),
})

const versioned = z.object({ schemaVersion: z.number() })
const storedRow: z.ZodMiniType<StoredRow> = z.object({
  schemaVersion: z.literal(schemaVersion),
  saveId: text,
  session: conversationSession,
})
