import type { SessionChange } from '../core/change.js'
import { checked, isId, isObject, maxTime, maxTitleLength, maxWorkspaceBytes, tokenUsage } from '../core/checks.js'
import { LeftoffError } from '../core/error.js'
import { parseJson } from '../core/parse-json.js'
import { preview } from '../core/preview.js'
import { firstCodePoints, wellFormed } from '../core/text.js'
import type { ImportedBlob, LegacyImport } from '../store/context.js'

/** The scope of what is imported: the same each time, so that importing again changes nothing. */
const importScope = 'imported'

/**
 * Imports the sessions that an older app left in `localStorage` at the store's `name`: plain, or in the envelope of zustand's
 * persist; times in seconds, milliseconds or ISO. Pass it as the `legacy` option, so that an app without older data does not
 * download it.
 *
 * @example
 * ```ts
 * import { createSessionStore, localStorageAdapter } from 'leftoff'
 * import { importLegacy } from 'leftoff/legacy'
 *
 * const store = createSessionStore({ adapter: localStorageAdapter(), legacy: importLegacy() })
 * ```
 */
export function importLegacy(): LegacyImport {
  return parseLegacyBlob
}

/** What a blob holds: a pure reading, tolerant of anything. */
export function parseLegacyBlob(blob: string, userId: string, now: number): ImportedBlob {
  // Twice: some apps store JSON inside JSON.
  const root = parsed(parsed(blob))
  const fields = fieldsOf(parsed(fieldsOf(root).state ?? root))
  const changes = new Map<string, Omit<SessionChange, 'epoch'>>()
  const errors: LeftoffError[] = []
  for (const entry of Object.values(fieldsOf(parsed(fields.sessions)))) {
    const change = readSession(parsed(entry), userId, now)
    if (change) changes.set(change.conversationId, change)
    else errors.push(unreadable())
  }
  if (!isObject(root)) errors.push(unreadable())
  const { currentConversationId: conversationId, currentWorkspace } = fields
  const known = typeof conversationId === 'string' ? changes.get(conversationId) : undefined
  const workspace = known?.workspace ?? currentWorkspace
  const isKnown = isId(conversationId) && isId(workspace, maxWorkspaceBytes)
  return { changes: [...changes.values()], current: isKnown ? { conversationId, workspace } : undefined, errors }
}

function readSession(entry: unknown, userId: string, now: number): Omit<SessionChange, 'epoch'> | undefined {
  const { conversationId, workspace, title, messageCount, lastMessagePreview, ...rest } = fieldsOf(entry)
  if (!isId(conversationId) || !isId(workspace, maxWorkspaceBytes)) return undefined
  // A time ahead of this clock is another clock's error, and far ahead no storage takes it.
  const at = Math.min(timeOf(rest.lastActivity) ?? now, now)
  const rank = at
  const messages =
    typeof messageCount === 'number' && Number.isSafeInteger(messageCount) && messageCount > 0 ? messageCount : 0
  const usage = checked(tokenUsage, rest.tokenUsage)
  const text = typeof lastMessagePreview === 'string' ? preview(wellFormed(lastMessagePreview)) : undefined
  const named = typeof title === 'string' ? firstCodePoints(wellFormed(title.trim()), maxTitleLength) : ''
  return {
    userId,
    workspace,
    conversationId,
    begins: Math.min(timeOf(rest.startedAt) ?? at, at),
    activity: { at, rank },
    ...((messages > 0 || usage.ok) && {
      counts: { [importScope]: { messages, ...(usage.ok && { usage: usage.value }) } },
    }),
    ...(text !== undefined && { preview: { text, rank } }),
    ...(named !== '' && { titles: { person: { text: named, rank } } }),
  }
}

/** The value, or what it holds if it is JSON in a string, as some apps write it. */
function parsed(value: unknown): unknown {
  return typeof value === 'string' ? parseJson(value) : value
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? (/^\d+$/.test(value) ? Number(value) : Date.parse(value)) : value
  if (typeof time !== 'number' || !Number.isFinite(time) || time < 0) return undefined
  // 100,000,000,000 s is the year 5138, and as many ms are 1973.
  const ms = Math.floor(time < 100_000_000_000 ? time * 1_000 : time)
  return ms <= maxTime ? ms : undefined
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  // Object.entries takes own keys only, so a stored `__proto__` reaches nothing.
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

function unreadable(): LeftoffError {
  return new LeftoffError(
    'invalid-session',
    'A session that an older app stored could not be read. Its bytes were moved to a key of their own.',
  )
}
