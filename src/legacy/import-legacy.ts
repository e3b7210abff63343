import type { SessionChange } from '../core/apply-change.js'
import {
  checked,
  isId,
  isObject,
  maxTime,
  maxTitleLength,
  maxWorkspaceBytes,
  parseJson,
  tokenUsage,
  wellFormed,
} from '../core/checks.js'
import { LeftoffError } from '../core/error.js'
import type { TokenUsage } from '../core/session.js'
import { firstCodePoints, preview, titleOf } from '../core/text.js'
import type { LegacyImport } from '../store/context.js'
import { type ImportedBlob, importBlob } from '../store/importing.js'

/** The scope of what is imported: the same each time, so that importing again changes nothing. */
const importScope = 'imported'

/** A conversation of an older app. Times are in ms or seconds since the epoch, or ISO texts. */
export interface LegacySession {
  readonly conversationId: string
  readonly workspace: string
  readonly title?: string | undefined
  readonly startedAt?: number | string | undefined
  /** `startedAt` when omitted. */
  readonly lastActivity?: number | string | undefined
  readonly messageCount?: number | undefined
  /** Any length; without a `title` it titles the conversation, too. */
  readonly lastMessagePreview?: string | undefined
  readonly tokenUsage?: TokenUsage | undefined
  /** Whether it was the open one of its workspace: the first tab opens it. */
  readonly isCurrent?: boolean | undefined
}

/** Options of {@link importLegacy}. */
export interface LegacyOptions<State> {
  /**
   * The conversations in the older app's state: what is in the `state` of zustand's persist, or the whole value. It is what was
   * stored, whatever its type says: if this throws, nothing is imported.
   */
  readonly read?: (state: State) => readonly LegacySession[]
}

/**
 * Imports the conversations that an older app left in `localStorage` at the store's `name`, as JSON or by zustand's persist: its
 * `sessions`, each with a `conversationId` and a `workspace`, or what `read` gives. Pass it as the `legacy` option, so that an app
 * without older data does not download it.
 *
 * @example
 * ```ts
 * import { createSessionStore, localStorageAdapter } from 'leftoff'
 * import { importLegacy } from 'leftoff/legacy'
 *
 * type OlderState = { chats: { id: string; updatedAt: string; name?: string }[] }
 *
 * const legacy = importLegacy({
 *   read: ({ chats }: OlderState) =>
 *     chats.map(({ id, updatedAt, name }) => ({ conversationId: id, workspace: 'demo', lastActivity: updatedAt, title: name })),
 * })
 * const store = createSessionStore({ adapter: localStorageAdapter(), legacy })
 * ```
 */
export function importLegacy<State = unknown>({ read }: LegacyOptions<State> = {}): LegacyImport {
  return (user) => importBlob(user, (blob, userId, now) => parseLegacyBlob(blob, userId, now, read))
}

/** What a blob holds: a pure reading, tolerant of anything. */
export function parseLegacyBlob<State>(
  blob: string,
  userId: string,
  now: number,
  read?: LegacyOptions<State>['read'],
): ImportedBlob {
  // Twice: some apps store JSON inside JSON.
  const root = parsed(parsed(blob))
  const inner = parsed(fieldsOf(root).state)
  const state = isObject(inner) ? inner : root
  const { sessions, currentConversationId: conversationId, currentWorkspace, ...others } = fieldsOf(state)
  const changes = new Map<string, Omit<SessionChange, 'epoch'>>()
  const current: { conversationId: string; workspace: string }[] = []
  const errors: LeftoffError[] = []
  let entries: [string, unknown][] = []
  try {
    // The app says what its older code stored; what comes back is checked.
    const list = read && isList(root) ? read(state as State) : parsed(sessions)
    if (isList(list)) entries = Object.entries(list)
    else errors.push(unreadable(isList(root) ? 'there is no list of sessions' : 'it is not JSON of an object'))
  } catch (cause) {
    errors.push(unreadable('`read` threw', cause))
  }
  for (const [key, value] of entries) {
    const entry = fieldsOf(parsed(value))
    const change = readSession(entry, userId, now)
    if (typeof change === 'object') {
      changes.set(change.conversationId, change)
      if (entry.isCurrent === true) current.push(change)
    } else errors.push(unreadable(`its sessions[${JSON.stringify(key)}] has no valid ${change}`))
  }
  const known = typeof conversationId === 'string' ? changes.get(conversationId) : undefined
  const workspace = known?.workspace ?? currentWorkspace
  if (isId(conversationId) && isId(workspace, maxWorkspaceBytes)) current.unshift({ conversationId, workspace })
  // An empty list of ours leaves nothing to lose; that of an app's own `read` may be a mistake.
  const isEmpty = !read && entries.length + errors.length + Object.keys(others).length === 0
  return { changes: [...changes.values()], current, errors, mayReplace: changes.size > 0 || isEmpty }
}

/** The change that imports the entry, or the name of the field that it lacks. */
function readSession(
  { conversationId, workspace, title, messageCount, lastMessagePreview, ...rest }: Readonly<Record<string, unknown>>,
  userId: string,
  now: number,
): Omit<SessionChange, 'epoch'> | 'conversationId' | 'workspace' {
  if (!isId(conversationId)) return 'conversationId'
  if (!isId(workspace, maxWorkspaceBytes)) return 'workspace'
  const startedAt = timeOf(rest.startedAt)
  // A time ahead of this clock is another clock's error, and far ahead no storage takes it.
  const at = Math.min(timeOf(rest.lastActivity) ?? startedAt ?? now, now)
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
    begins: Math.min(startedAt ?? at, at),
    activity: { at, rank },
    ...((messages > 0 || usage.ok) && {
      counts: { [importScope]: { messages, ...(usage.ok && { usage: usage.value }) } },
    }),
    ...(text !== undefined && { preview: { text, rank } }),
    ...((named !== '' || text !== undefined) && {
      titles: {
        // As if it had been said first: otherwise what is said next would be the title.
        ...(text !== undefined && { message: { text: titleOf(text), rank } }),
        ...(named !== '' && { person: { text: named, rank } }),
      },
    }),
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

/** An array, or an object of entries. */
function isList(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  // Object.entries takes own keys only, so a stored `__proto__` reaches nothing.
  return isList(value) ? Object.fromEntries(Object.entries(value)) : {}
}

function unreadable(why: string, cause?: unknown): LeftoffError {
  return new LeftoffError(
    'invalid-session',
    `What an older app stored could not all be read: ${why}. importLegacy({ read }) reads another shape.`,
    { cause },
  )
}
