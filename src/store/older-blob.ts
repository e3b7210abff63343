import * as z from 'zod/mini'
import type { Change, SessionAdapter } from '../core/adapter.js'
import { LeftoffError } from '../core/error.js'
import { parseJson } from '../core/parse-json.js'
import { preview } from '../core/preview.js'
import type { ConversationSession } from '../core/session.js'
import { conversationSession } from '../core/stored-row.js'
import { storageKey, type WebStorage } from '../core/web-storage.js'
import { isSnapshot } from './snapshot.js'

const maxCopies = 5

/** What importing older data gave. */
export interface Imported {
  /** The conversation that was current when older code wrote last, if it is known where. */
  readonly current: { readonly conversationId: string; readonly workspace: string } | undefined
  /** One for each entry that could not be read. Its bytes stay in the copy. */
  readonly errors: readonly LeftoffError[]
}

/**
 * The blobs that older code left at `name`, plain or in the envelope of zustand's persist. Each is copied byte for byte to a
 * key beside it, which stays; its sessions are imported once, for the user who opens it first.
 */
export function olderBlobs(storage: WebStorage, name: string) {
  const copyKey = (index: number): string => storageKey(name, 'older', String(index))
  const markKey = (index: number): string => storageKey(name, 'older', String(index), 'imported')

  /** Whether the blob is kept now. */
  function setAside(blob: string): boolean {
    try {
      for (let index = 1; ; index++) {
        const copy = storage.getItem(copyKey(index))
        if (copy === blob) return true
        // An older app that is still open writes again and again; its newest blob has all that the one before had.
        if (copy !== null && index < maxCopies) continue
        if (copy !== null) storage.removeItem(markKey(index))
        storage.setItem(copyKey(index), blob)
        return true
      }
    } catch {
      return false
    }
  }

  /** Saves the sessions of all copies that are not wholly in `adapter` yet. Rejects with the adapter's error; call again then. */
  async function importAll(adapter: SessionAdapter, userId: string, now: number): Promise<Imported> {
    const blob = storage.getItem(name)
    const hasNoCopy = blob !== null && !isSnapshot(blob) && !setAside(blob)
    let current: Imported['current']
    const errors: LeftoffError[] = []
    for (let index = 1; ; index++) {
      const copy = storage.getItem(copyKey(index))
      if (copy === null) break
      const mark = storage.getItem(markKey(index))
      if (mark !== null && mark !== `open ${userId}`) continue // done, or another user's to finish
      // Before the first row is saved: whose it is must not depend on how far this gets.
      storage.setItem(markKey(index), `open ${userId}`)
      await importOne(copy)
      // Each was accepted or refused: refused means that there is something newer, or that a person removed it.
      storage.setItem(markKey(index), `done ${userId}`)
    }
    // No room for a copy: it stays where it is, and is imported from there each time, which changes nothing twice.
    if (hasNoCopy) await importOne(blob)
    return { current, errors }

    async function importOne(text: string): Promise<void> {
      const older = parseOlderBlob(text, userId, now)
      if (older.sessions.length > 0) await adapter.save(older.sessions.map(importChange))
      current = older.current ?? current
      errors.push(...older.errors)
    }
  }

  /** Empties the copies that became this user's. Their places stay, so that those after them are still found. */
  function forget(userId: string): void {
    for (let index = 1; storage.getItem(copyKey(index)) !== null; index++) {
      const [state, ...owner] = (storage.getItem(markKey(index)) ?? '').split(' ')
      if (state === '' || owner.join(' ') !== userId) continue
      storage.setItem(copyKey(index), '')
      storage.setItem(markKey(index), 'done')
    }
  }

  return { setAside, importAll, forget }
}

/** What an older blob holds: a pure reading, tolerant of anything. */
export function parseOlderBlob(
  blob: string,
  userId: string,
  now: number,
): Imported & { readonly sessions: readonly ConversationSession[] } {
  const root = parseJson(blob)
  const fields = fieldsOf(fieldsOf(root).state ?? root)
  const sessions = new Map<string, ConversationSession>()
  const errors: LeftoffError[] = []
  for (const entry of Object.values(fieldsOf(fields.sessions))) {
    const session = olderSession(entry, userId, now)
    if (session) sessions.set(session.conversationId, session)
    else errors.push(unreadable())
  }
  if (root === undefined) errors.push(unreadable())
  const conversationId = fields.currentConversationId
  const workspace = fields.currentWorkspace
  if (typeof conversationId !== 'string' || conversationId === '')
    return { sessions: [...sessions.values()], current: undefined, errors }
  const known = sessions.get(conversationId)
  const session = known ?? olderSession({ conversationId, workspace }, userId, now)
  if (session) sessions.set(conversationId, session)
  return {
    sessions: [...sessions.values()],
    current: session && { conversationId, workspace: session.workspace },
    errors,
  }
}

function olderSession(entry: unknown, userId: string, now: number): ConversationSession | undefined {
  const fields = fieldsOf(entry)
  const { conversationId, workspace, tabId, title, tokenUsage, messageCount } = fields
  const lastActivity = timeOf(fields.lastActivity) ?? now
  const text = fields.lastMessagePreview
  const lastMessagePreview = typeof text === 'string' ? preview(text) : undefined
  const session = {
    conversationId,
    workspace,
    userId,
    // It was used, or the older app would not have kept it; when it began is not known.
    startedAt: timeOf(fields.startedAt) ?? Math.max(0, lastActivity - 1),
    lastActivity,
    messageCount: messageCount ?? 0,
    revision: 0,
    ...(typeof tabId === 'string' && tabId !== conversationId && { tabId }),
    ...(lastMessagePreview !== undefined && { lastMessagePreview }),
    ...(typeof title === 'string' && title !== '' && { title }),
    ...(tokenUsage !== undefined && { tokenUsage }),
  }
  // Its optional fields are worth less than the conversation.
  const { tabId: _tab, tokenUsage: _usage, ...least } = session
  return (
    z.safeParse(conversationSession, session).data ??
    z.safeParse(conversationSession, { ...least, messageCount: 0 }).data
  )
}

function importChange(session: ConversationSession): Change {
  // The same id at each attempt, so that a repeat is one.
  return { session: { ...session, revision: 1 }, base: 0, saveId: `older/${session.conversationId}` }
}

function unreadable(): LeftoffError {
  return new LeftoffError(
    'invalid-session',
    'A session that an older version stored could not be read. Its bytes were set aside.',
  )
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : value
  return typeof time === 'number' && Number.isFinite(time) && time >= 0 ? Math.floor(time) : undefined
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  // Object.entries takes own keys only, so a stored `__proto__` reaches nothing.
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
