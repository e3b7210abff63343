import type { ListQuery } from '../../core/adapter.js'
import type { ConversationSession } from '../../core/session.js'
import { type ReadRow, readStoredRow } from '../../core/stored-row.js'
import { type Database, type RowKey, rowsInOrder, write } from './database.js'

/** A row that is damaged, or of a newer version. */
export interface UnreadableRow {
  readonly key: RowKey
  readonly read: Exclude<ReadRow, { kind: 'row' }>
}

/** What {@link listRows} found. */
interface ListedRows {
  readonly sessions: readonly ConversationSession[]
  /** Met on the way. */
  readonly unreadable: readonly UnreadableRow[]
}

/**
 * The first `limit` sessions, and the rows met on the way that could not be read. One that is damaged in a field of the index
 * is in no list, as IndexedDB has it: getting it, saving over it or clearing all finds it.
 */
export async function listRows(database: Database, userId: string, query: ListQuery): Promise<ListedRows> {
  // One request, whose answer is here before its transaction ends: nobody who opens a page waits for that.
  const reads = (await rowsInOrder(database, userId, query).limit(query.limit).toArray()).map(readStoredRow)
  const sessions = reads.flatMap((read) => (read.kind === 'row' ? [read.row.session] : []))
  return sessions.length === reads.length ? { sessions, unreadable: [] } : listPastUnreadable(database, userId, query)
}

/** As many again as could not be read, all in one transaction: no row moves meanwhile. */
function listPastUnreadable(
  database: Database,
  userId: string,
  { limit, ...query }: ListQuery,
): PromiseLike<ListedRows> {
  return database.dexie.transaction('r', database.rows, async () => {
    const sessions: ConversationSession[] = []
    const unreadable: UnreadableRow[] = []
    for (let missing = limit; missing > 0; missing = limit - sessions.length) {
      const next = rowsInOrder(database, userId, query)
        .offset(sessions.length + unreadable.length)
        .limit(missing)
      const reads = (await next.toArray()).map(readStoredRow)
      sessions.push(...reads.flatMap((read) => (read.kind === 'row' ? [read.row.session] : [])))
      if (reads.some(({ kind }) => kind !== 'row')) unreadable.push(...unreadableOf(reads, await next.primaryKeys()))
      if (reads.length < missing) break
    }
    return { sessions, unreadable }
  })
}

/** What is stored under a key. */
export async function readRow({ rows }: Database, key: RowKey): Promise<ReadRow | undefined> {
  const value = await rows.get(key)
  return value === undefined ? undefined : readStoredRow(value)
}

/** Moves damaged rows, as they are, to where they are in nobody's way. */
export function setRowsAside(database: Database, damaged: readonly UnreadableRow[]): PromiseLike<void> {
  const { rows, setAside } = database
  return write(database, async () => {
    for (const { key } of damaged) {
      const value = await rows.get(key)
      // Another tab may have moved it already and saved the conversation anew.
      if (value === undefined || readStoredRow(value).kind !== 'invalid') continue
      await setAside.add({ key, value })
      await rows.delete(key)
    }
  })
}

function unreadableOf(reads: readonly ReadRow[], keys: readonly RowKey[]): UnreadableRow[] {
  return keys.flatMap((key, index) => {
    const read = reads[index]
    return read === undefined || read.kind === 'row' ? [] : [{ key, read }]
  })
}
