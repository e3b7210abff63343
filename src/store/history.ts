import type { RankedText, TitleSlot, Titles } from '../core/apply-change.js'
import { isObject, maxIdBytes, maxTitleLength, readSession, wellFormed } from '../core/checks.js'
import { nowMs } from '../core/clock.js'
import { randomScope, shortHash } from '../core/keys-and-ids.js'
import type { ConversationSession, RankedSession, TokenUsage } from '../core/session.js'
import type { SessionAdapter } from '../core/session-adapter.js'
import { byRank } from '../core/stored-row.js'
import { firstCodePoints, preview, titleOf } from '../core/text.js'
import { createEntry, type Entry, needsScope, record, withScope, withStored } from './entry.js'
import type { User } from './user.js'

/** What the user's history shows, newest first. */
export function listedSessions(user: User): readonly ConversationSession[] {
  const listed: { rank: number; conversationId: string; session: ConversationSession }[] = []
  for (const { view, session, conversationId } of user.entries.values()) {
    if (view && session && !isHidden(user, conversationId)) listed.push({ rank: view.rank, conversationId, session })
  }
  return listed.sort(byRank).map(({ session }) => session)
}

/**
 * Takes in a row that was read. A save that was not answered may or may not be in it: then it is read again after the answer; and so
 * may what was learned while it was read, if it `isLate`.
 */
export function adopt(user: User, row: RankedSession, isLate = false): void {
  const { conversationId, rank } = row
  if (row.userId !== user.userId || isHidden(user, conversationId)) return
  user.highestRank = Math.max(user.highestRank, rank)
  const entry = user.entries.get(conversationId)
  if (entry?.unsent && (user.saving.running || user.saving.failures > 0)) {
    user.reading.again.add(conversationId)
    return
  }
  if (entry?.stored && isSameRow(entry.stored, row)) return // as before, so that nothing is drawn again
  if (isLate) {
    user.reading.again.add(conversationId)
    return
  }
  const known =
    entry ?? createEntry({ userId: user.userId, conversationId, workspace: row.workspace, scope: user.scope })
  const { title, lastMessagePreview, ...bare } = row
  const hasContent = title !== undefined || lastMessagePreview !== undefined
  if (user.context.keepsContent || !hasContent) putEntry(user, withStored(known, row))
  else putEntry(user, record(withStored(known, bare), withoutContent(nextRank(user))))
}

/** Reads a conversation's row. Throws why the user is gone, if so: a claim can be granted after that, and storage may hang. */
export async function readRow(user: User, conversationId: string): ReturnType<SessionAdapter['get']> {
  if (user.isGone) throw await user.ended.promise
  const before = user.entries.get(conversationId)?.stored
  const row = await user.context.adapter.get(user.userId, conversationId)
  if (!user.isGone && typeof row === 'object') adopt(user, row, user.entries.get(conversationId)?.stored !== before)
  return row
}

/** Replaces what is known of a conversation. */
export function putEntry(user: User, entry: Entry): void {
  const { conversationId, unsent } = entry
  user.entries.set(conversationId, entry)
  if (unsent) user.unsent.add(conversationId)
  else user.unsent.delete(conversationId)
}

/** Forgets a conversation. */
export function dropEntry(user: User, conversationId: string): void {
  user.entries.delete(conversationId)
  user.unsent.delete(conversationId)
}

/** The conversations with something to save. */
export function dueEntries(user: User): Entry[] {
  return [...user.unsent].flatMap((id) => {
    const entry = user.entries.get(id)
    return entry && !entry.isReadOnly && !isHidden(user, id) ? entry : []
  })
}

/** Whether two readings of a row say the same. All that a row has are texts and numbers, and one object of numbers. */
function isSameRow(a: RankedSession, b: RankedSession): boolean {
  const { tokenUsage: ofA, ...restA } = a
  const { tokenUsage: ofB, ...restB } = b
  return isSameRecord(restA, restB) && isSameRecord({ ...ofA }, { ...ofB })
}

/** Whether two objects, or arrays, hold the same values. */
export function isSameRecord<T extends object>(a: T, b: T): boolean {
  const names = Object.keys(a) as (keyof T)[]
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

/** What takes the texts out of a row that was stored before `persistContent: false`. */
function withoutContent(rank: number): Recorded {
  const none = { text: '', rank }
  // Of titles from messages the earliest counts.
  return { preview: none, titles: { person: none, app: none, message: { text: '', rank: 0 } } }
}

/**
 * The entry of a conversation that begins here, unless it is stored already. Nothing of it is stored until something is recorded;
 * what was recorded about it before anybody began it is kept.
 */
export function addNew(user: User, workspace: string, conversationId: string, scope = user.scope): void {
  user.begun.add(conversationId)
  const known = user.entries.get(conversationId)
  if (known && (known.stored || known.begins !== undefined)) return
  nextRank(user)
  putEntry(
    user,
    createEntry({ scope, ...known, userId: user.userId, conversationId, workspace, begins: nowMs(user.context.clock) }),
  )
}

/** Puts what was recorded into the entry. */
export function recordIn(user: User, conversationId: string, workspace: string, recorded: Recorded): void {
  const known =
    user.entries.get(conversationId) ??
    createEntry({ userId: user.userId, conversationId, workspace, scope: user.scope })
  const isNew = needsScope(known, recorded.activity?.at ?? 0)
  putEntry(user, record(isNew ? withScope(known, randomScope()) : known, recorded))
}

/** The workspace of a conversation; a guess for one that was neither read nor begun here. */
export function workspaceOf({ entries, wantedWorkspace, context }: User, conversationId: string): string {
  return entries.get(conversationId)?.workspace ?? wantedWorkspace ?? context.defaultWorkspace ?? 'unknown'
}

/** The rank of what is recorded now: greater than every rank of the user that this page has seen. */
export function nextRank(user: User): number {
  user.highestRank = Math.max(nowMs(user.context.clock), user.highestRank + 1)
  return user.highestRank
}

/** The scope in which a message with an id is counted, once however many pages record it. */
function scopeOfMessage(messageId: string): string {
  return shortHash(messageId.slice(0, 4 * maxIdBytes))
}

/** Whether nothing was recorded in it by this page. */
export function isUntouched(user: User, conversationId: string): boolean {
  const entry = user.entries.get(conversationId)
  return !entry || (!entry.unsent && entry.total.messages === 0 && Object.keys(entry.acknowledged).length === 0)
}

/** Whether the conversation is removed, or about to be. */
export function isHidden(user: User, conversationId: string): boolean {
  return user.removedIds.has(conversationId) || user.hiding.has(conversationId)
}

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
  readonly message?: {
    readonly scope: string | undefined
    readonly usage: TokenUsage | undefined
    /** It may be counted already. */
    readonly isRecalled: boolean
  }
  readonly activity?: { readonly at: number; readonly rank: number }
  readonly preview?: RankedText
  readonly titles?: Titles
}

/** What recording the message adds. */
export function recordedMessage(
  { role, text, usage, messageId }: RecordedMessage,
  {
    at,
    rank,
    isNew,
    keepsContent,
  }: { readonly at: number; readonly rank: number; readonly isNew: boolean; readonly keepsContent: boolean },
): Recorded {
  const scope = messageId === undefined ? undefined : scopeOfMessage(messageId)
  const shown = keepsContent ? preview(wellFormed(text)) : undefined
  // Of a message that comes again nobody knows here whether it was the first.
  const title = shown !== undefined && role === 'user' && isNew ? titleOf(shown) : ''
  return {
    message: { scope, usage: usage && wholeUsage(usage), isRecalled: !isNew },
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

/** The sessions of the user in what a server gave; what is not a session is left out. */
export function readInitialSessions(given: unknown, userId: string): readonly RankedSession[] {
  const sessions = isObject(given) ? given.sessions : undefined
  if (!Array.isArray(sessions)) return []
  return sessions.flatMap((value: unknown) => {
    const read = isObject(value) ? readSession({ rank: value.lastActivity, ...value }) : undefined
    return read?.ok && read.value.userId === userId ? read.value : []
  })
}
