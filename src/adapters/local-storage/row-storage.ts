import * as z from 'zod/mini'
import type { AdapterReport } from '../../core/adapter.js'
import { parseJson } from '../../core/parse-json.js'
import type { ConversationSession } from '../../core/session.js'
import { type ReadRow, readStoredRow, type StoredRow } from '../../core/stored-row.js'
import type { WebStorage } from '../../core/web-storage.js'
import type { RowIds, rowKeys } from './keys.js'

/**
 * Reads and writes one row. Whose it is and of which workspace and conversation, its key says, and only its key: a value
 * cannot claim to be another's, and a save writes less. The title is a key of its own: a rename by a tab that does not
 * hold the conversation writes the title alone, with its own revision, and the row of the tab that does is never rewritten
 * from outside.
 */
export function rowStorage(keys: ReturnType<typeof rowKeys>, report: (report: AdapterReport) => void) {
  const reported = new Set<string>()
  /** Where rows were when they were read, by their tombstone's key. A row never moves to another workspace. */
  const places = new Map<string, string>()

  /** The key of the user's row, in whichever workspace it is: by a scan of all keys, if it was not met before. */
  function find(storage: WebStorage, userId: string, conversationId: string): string | undefined {
    const known = places.get(keys.tombstone(userId, conversationId))
    if (known !== undefined && storage.getItem(known) !== null) return known
    return keys.rowsById(storage, userId, [conversationId]).get(conversationId)
  }

  /** What is stored under a row's key, its title included. A value that does not parse is set aside with its bytes. */
  function read(storage: WebStorage, key: string): ReadRow | undefined {
    const text = storage.getItem(key)
    if (text === null) return undefined
    const ids = keys.ofRow(key)
    if (ids && storage.getItem(keys.tombstone(ids.userId, ids.conversationId)) !== null) {
      storage.removeItem(key) // a writer in another process had read it before it was removed
      return undefined
    }
    const found = readStoredRow(withIds(parseJson(text), ids))
    if (found.kind === 'row') {
      const { session } = found.row
      places.set(keys.tombstone(session.userId, session.conversationId), key)
      return { kind: 'row', row: withTitle(found.row, readTitle(storage, session)) }
    }
    if (found.kind === 'invalid' && setAside(storage, key, text)) {
      tell(key, { type: 'row-set-aside', error: found.error })
      return undefined
    }
    tell(key, { type: found.kind === 'invalid' ? 'row-set-aside' : 'newer-version', error: found.error })
    return found
  }

  function write(storage: WebStorage, key: string, row: StoredRow, stored: StoredRow | undefined): void {
    const { title, ...session } = row.session
    const titleKey = keys.title(session.userId, session.conversationId)
    const titleChanged = stored?.session.title !== title
    if (stored && titleChanged && isSameBut(row.session, stored.session)) {
      storage.setItem(titleKey, JSON.stringify({ title, revision: session.revision, saveId: row.saveId }))
      return
    }
    if (titleChanged) storage.setItem(titleKey, JSON.stringify({ title, revision: 0, saveId: '' }))
    const { userId: _user, workspace: _workspace, conversationId: _id, ...rest } = session
    storage.setItem(key, JSON.stringify({ ...row, session: rest }))
  }

  function readTitle(storage: WebStorage, { userId, conversationId }: ConversationSession): StoredTitle | undefined {
    return parseTitle(storage.getItem(keys.title(userId, conversationId)))
  }

  /** Whether the bytes are now under another key. A storage that is full keeps them where they are. */
  function setAside(storage: WebStorage, key: string, text: string): boolean {
    try {
      storage.setItem(keys.setAside(key), text)
    } catch {
      return false
    }
    storage.removeItem(key)
    return true
  }

  function tell(key: string, event: Omit<AdapterReport, 'conversationId'>): void {
    if (reported.has(key)) return
    reported.add(key)
    const conversationId = keys.ofRow(key)?.conversationId
    report({ ...event, ...(conversationId !== undefined && { conversationId }) })
  }

  /** What is remembered here names conversations. */
  function forget(): void {
    places.clear()
    reported.clear()
  }

  return { find, read, write, forget }
}

/** A stored value as a whole row. */
function withIds(value: unknown, ids: RowIds | undefined): unknown {
  if (typeof value !== 'object' || value === null || !('session' in value)) return value
  return { ...value, session: { ...Object(value.session), ...ids } }
}

const storedTitle = z.object({
  title: z.exactOptional(z.string()),
  /** Of the rename, when the title was saved alone; 0 when its row was saved with it. */
  revision: z.number(),
  saveId: z.string(),
})
type StoredTitle = z.infer<typeof storedTitle>

function withTitle(row: StoredRow, stored: StoredTitle | undefined): StoredRow {
  if (!stored) return row
  const session = { ...row.session, ...(stored.title !== undefined && { title: stored.title }) }
  if (stored.revision <= session.revision) return { ...row, session }
  return { ...row, saveId: stored.saveId, session: { ...session, revision: stored.revision } }
}

function isSameBut(a: ConversationSession, b: ConversationSession): boolean {
  const { title: _a, revision: _b, ...rest } = a
  const { title: _c, revision: _d, ...other } = b
  return JSON.stringify(sorted(rest)) === JSON.stringify(sorted(other))
}

function sorted(value: object): unknown {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
}

function parseTitle(text: string | null): StoredTitle | undefined {
  return text === null ? undefined : z.safeParse(storedTitle, parseJson(text)).data
}
