import type { SessionChange } from '../core/change.js'
import { checked, isId, isObject, maxTime, maxTitleLength, maxWorkspaceBytes, tokenUsage } from '../core/checks.js'
import { LeftoffError } from '../core/error.js'
import { firstCodePoints, parseJson, preview, wellFormed } from '../core/text.js'
import type { LegacyImport } from '../store/context.js'
import { type ImportedBlob, importBlob } from '../store/importing.js'

/** The scope of what is imported: the same each time, so that importing again changes nothing. */
const importScope = 'imported'

/** An entry of the older app's `sessions`, as it was stored, and its key there: a position where `sessions` was an array. */
export type MapLegacyEntry = (entry: unknown, key: string) => unknown

/**
 * Imports the sessions that an older app left in `localStorage` at the store's `name`: plain, or in the envelope of zustand's
 * persist; times in seconds, milliseconds or ISO. Each entry of its `sessions` needs a `conversationId` and a `workspace`; `map`
 * makes such entries of others. Pass it as the `legacy` option, so that an app without older data does not download it.
 *
 * @example
 * ```ts
 * import { createSessionStore, localStorageAdapter } from 'leftoff'
 * import { importLegacy } from 'leftoff/legacy'
 *
 * // { sessions: { [workspace]: { id, lastActivity } } }
 * const legacy = importLegacy({
 *   map: (entry, workspace) => ({ ...Object(entry), workspace, conversationId: Object(entry).id }),
 * })
 * const store = createSessionStore({ adapter: localStorageAdapter(), legacy })
 * ```
 */
export function importLegacy({ map = (entry) => entry }: { readonly map?: MapLegacyEntry } = {}): LegacyImport {
  return (user) => importBlob(user, (blob, userId, now) => parseLegacyBlob(blob, userId, now, map))
}

/** What a blob holds: a pure reading, tolerant of anything. */
export function parseLegacyBlob(
  blob: string,
  userId: string,
  now: number,
  map: MapLegacyEntry = (entry) => entry,
): ImportedBlob {
  // Twice: some apps store JSON inside JSON.
  const root = parsed(parsed(blob))
  const fields = fieldsOf(parsed(fieldsOf(root).state ?? root))
  const changes = new Map<string, Omit<SessionChange, 'epoch'>>()
  const errors: LeftoffError[] = []
  for (const [key, entry] of Object.entries(fieldsOf(parsed(fields.sessions)))) {
    const change = readSession(mapped(map, parsed(entry), key), userId, now)
    if (typeof change === 'object') changes.set(change.conversationId, change)
    else errors.push(unreadable(`its sessions[${JSON.stringify(key)}] has no valid ${change}`))
  }
  if (!isObject(root)) errors.push(unreadable('it is not JSON of an object'))
  const { currentConversationId: conversationId, currentWorkspace } = fields
  const known = typeof conversationId === 'string' ? changes.get(conversationId) : undefined
  const workspace = known?.workspace ?? currentWorkspace
  const isKnown = isId(conversationId) && isId(workspace, maxWorkspaceBytes)
  return { changes: [...changes.values()], current: isKnown ? { conversationId, workspace } : undefined, errors }
}

/** The change that imports the entry, or the name of the field that it lacks. */
function readSession(
  entry: unknown,
  userId: string,
  now: number,
): Omit<SessionChange, 'epoch'> | 'conversationId' | 'workspace' {
  const { conversationId, workspace, title, messageCount, lastMessagePreview, ...rest } = fieldsOf(entry)
  if (!isId(conversationId)) return 'conversationId'
  if (!isId(workspace, maxWorkspaceBytes)) return 'workspace'
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

/** An app's function may meet what it did not expect: then the entry is as it was, and says what it lacks. */
function mapped(map: MapLegacyEntry, entry: unknown, key: string): unknown {
  try {
    return map(entry, key)
  } catch {
    return entry
  }
}

function unreadable(why: string): LeftoffError {
  return new LeftoffError(
    'invalid-session',
    `What an older app stored could not all be read: ${why}. importLegacy({ map }) reads entries of another shape.`,
  )
}
