import * as z from 'zod/mini'
import { LeftoffError } from '../core/error.js'
import { parseJson } from '../core/parse-json.js'
import type { ConversationSession } from '../core/session.js'
import { conversationSession, tokenUsage } from '../core/stored-row.js'
import { parseStorageKey, storageKey, type WebStorage } from '../core/web-storage.js'
import type { Batch, ConversationRecord } from './conversation-record.js'
import { quietly } from './quietly.js'

/** What a page had not brought into storage when it was last hidden. */
export interface JournalEntry {
  readonly conversationId: string
  /** Missing for a removal. */
  readonly row?: ConversationSession | undefined
  readonly sealed: readonly Batch[]
}

/** What a {@link createJournal} needs. */
export interface JournalOptions {
  readonly name: string
  readonly userId: string
  /** Of this document; asked when the first entry is written. */
  readonly documentId: () => string
  readonly now: () => number
  readonly storage: () => WebStorage | undefined
}

/**
 * A small synchronous journal in localStorage, for adapters whose own writes do not land while a page goes away (an IndexedDB
 * write begun in `pagehide` is lost on reload). A key per conversation and document. A document that reads another's entry
 * makes it its own and leaves a mark there: the other may come back from the back/forward cache and must not send it again.
 */
export function createJournal({ name, userId, documentId, now, storage: openStorage }: JournalOptions) {
  /** What of a conversation lies in this document's own entry: the ids of the saves. */
  const written = new Map<string, readonly string[]>()
  /** The entries of other documents that this one has read, by conversation. */
  const foreign = new Map<string, readonly string[]>()
  const ownKey = (conversationId: string) => storageKey(name, 'journal', userId, conversationId, documentId())

  function put(conversationId: string, entry: z.infer<typeof journalEntry>): void {
    quietly(openStorage, (storage) => {
      storage.setItem(ownKey(conversationId), JSON.stringify(entry))
      written.set(
        conversationId,
        entry.sealed.map(({ saveId }) => saveId),
      )
      takeOver(storage, conversationId)
    })
  }

  function takeOver(storage: WebStorage, conversationId: string): void {
    const mark = JSON.stringify({ takenAt: now() })
    for (const key of foreign.get(conversationId) ?? []) storage.setItem(key, mark)
    foreign.delete(conversationId)
  }

  return {
    /** Puts in what of the record is sealed. */
    write({ row, sealed }: ConversationRecord): void {
      if (sealed.length > 0) put(row.conversationId, { row, sealed: [...sealed] })
    },

    writeRemoval: (conversationId: string): void => put(conversationId, { sealed: [] }),

    /** After storage answered: takes out what it has now. Without a record it has all, or the row was removed. */
    settle(conversationId: string, record: ConversationRecord | undefined): void {
      const isWritten = written.has(conversationId)
      if (!isWritten && !foreign.has(conversationId)) return
      // Taken over while the answer was under way: it stays so until the next save asks.
      if (isWritten && quietly(openStorage, (storage) => isMark(storage.getItem(ownKey(conversationId))))) return
      if (record && record.sealed.length > 0) this.write(record)
      else
        quietly(openStorage, (storage) => {
          if (isWritten) storage.removeItem(ownKey(conversationId))
          written.delete(conversationId)
          takeOver(storage, conversationId)
        })
    },

    /** The saves in this document's entry that another document took over. They are not this one's any more. */
    takenOver(conversationId: string): readonly string[] {
      const saveIds = written.get(conversationId)
      if (!saveIds) return []
      return (
        quietly(openStorage, (storage) => {
          const key = ownKey(conversationId)
          if (!isMark(storage.getItem(key))) return []
          storage.removeItem(key)
          written.delete(conversationId)
          return saveIds
        }) ?? []
      )
    },

    /** Leaves to its page, which is alive, what it left. */
    leave: (conversationId: string): void => void foreign.delete(conversationId),

    /** All entries of this user, of whichever document. One that cannot be read is set aside with its bytes. */
    read(): { readonly entries: readonly JournalEntry[]; readonly errors: readonly LeftoffError[] } {
      const entries = new Map<string, JournalEntry>()
      const errors: LeftoffError[] = []
      quietly(openStorage, (storage) => {
        for (const key of journalKeys(storage, name, userId)) {
          const [, , conversationId = ''] = parseStorageKey(name, key) ?? []
          const text = storage.getItem(key) ?? ''
          if (isMark(text, now() - markMs)) storage.removeItem(key)
          if (isMark(text)) continue
          const entry = parseEntry(text, userId, conversationId)
          if (!entry) {
            storage.setItem(storageKey(name, 'set-aside', key), text)
            storage.removeItem(key)
            errors.push(unreadable(conversationId))
            continue
          }
          entries.set(conversationId, together(entries.get(conversationId), { conversationId, ...entry }))
          foreign.set(conversationId, [...new Set([...(foreign.get(conversationId) ?? []), key])])
        }
      })
      return { entries: [...entries.values()], errors }
    },
  }
}

/** How long a mark stays for a document that may come back: longer than any page is kept in a cache. */
const markMs = 24 * 60 * 60 * 1_000
const mark = z.object({ takenAt: z.number() })

function isMark(text: string | null, before = Number.POSITIVE_INFINITY): boolean {
  const found = text === null ? undefined : z.safeParse(mark, parseJson(text)).data
  return found !== undefined && found.takenAt < before
}

const count = z.number().check(z.gte(0))
const journalEntry = z.object({
  row: z.exactOptional(conversationSession),
  sealed: z.array(
    z.object({
      saveId: z.string().check(z.minLength(1)),
      unsaved: z.object({
        messages: z.exactOptional(count),
        usage: z.exactOptional(tokenUsage),
        lastActivity: z.exactOptional(count),
        lastMessagePreview: z.exactOptional(z.string()),
        title: z.exactOptional(z.string()),
      }),
    }),
  ),
})

function parseEntry(text: string, userId: string, conversationId: string): z.infer<typeof journalEntry> | undefined {
  const entry = z.safeParse(journalEntry, parseJson(text)).data
  const isOwn = !entry?.row || (entry.row.userId === userId && entry.row.conversationId === conversationId)
  return isOwn ? entry : undefined
}

/** What two documents left about one conversation. A removal by either is one. */
function together(a: JournalEntry | undefined, b: JournalEntry): JournalEntry {
  if (!a) return b
  if (!a.row || !b.row) return a.row ? b : a
  const known = new Set(a.sealed.map(({ saveId }) => saveId))
  const row = a.row.revision < b.row.revision ? b.row : a.row
  return { ...a, row, sealed: [...a.sealed, ...b.sealed.filter(({ saveId }) => !known.has(saveId))] }
}

function journalKeys(storage: WebStorage, name: string, userId: string): string[] {
  const prefix = `${storageKey(name, 'journal', userId)}/`
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
  return keys.filter((key) => key.startsWith(prefix)).sort()
}

function unreadable(conversationId: string): LeftoffError {
  return new LeftoffError(
    'invalid-session',
    `What was left to save of conversation ${conversationId} could not be read. Its bytes were set aside.`,
  )
}
