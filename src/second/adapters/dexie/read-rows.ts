import type { ListQuery, SessionPage } from '../../core/adapter.js'
import { cursorOf, type ListPlace, placeOf } from '../../core/list-cursor.js'
import { type ReadRow, readStoredRow, type UnreadableRow } from '../../core/read-stored-row.js'
import type { RankedSession } from '../../core/session.js'
import { sessionOf } from '../../core/stored-row.js'
import { type Database, placeIn, type RowKey, read, rowsInOrder, write } from './database.js'
import { epochIn, epochKey, readEpoch } from './epochs.js'

/** How many rows more than asked for a page reads at most, to fill up what it could not read. */
export const maxRowsSkipped = 1_000

/** A row met on the way that is no session of the list. */
export interface OddRow {
  readonly key: RowKey
  /** `row`: of an epoch that ended. */
  readonly read: ReadRow
}

/** A page, and the rows left out of it. */
export interface ListedRows {
  readonly page: SessionPage
  readonly odd: readonly OddRow[]
}

/**
 * A page in one request, or in two if some rows cannot be read. A row that is damaged in a field of the index is in no list,
 * as IndexedDB has it: getting it, saving over it or clearing all finds it.
 */
export async function listRows(
  database: Database,
  userId: string,
  { workspace, limit, after }: ListQuery,
): Promise<ListedRows> {
  const start = after === undefined ? undefined : placeOf(after)
  if (limit < 1) return { page: { sessions: [] }, odd: [] }
  // One more than asked for tells whether the list goes on.
  const asked = Math.floor(limit) + 1
  const [epoch, first] = await read(database, (tables) =>
    Promise.all([readEpoch(tables, userId), rowsInOrder(tables, userId, workspace, start).limit(asked).toArray()]),
  )
  const found = sort(first, userId, epoch)
  const end = lastPlace(first)
  if (found.odd.length === 0 || first.length < asked || !end) return pageOf(found, limit, first.length === asked && end)

  const more = await read(database, (tables) =>
    rowsInOrder(tables, userId, workspace, end).limit(maxRowsSkipped).toArray(),
  )
  const rest = sort(more, userId, epoch)
  return pageOf(
    { sessions: [...found.sessions, ...rest.sessions], odd: [...found.odd, ...rest.odd] },
    limit,
    more.length === maxRowsSkipped && lastPlace(more),
  )
}

/** `goesOn`: the place of the last row that was read, if there may be more behind it. */
function pageOf({ sessions, odd }: Sorted, limit: number, goesOn: ListPlace | undefined | false): ListedRows {
  const page = sessions.slice(0, limit)
  const end = sessions.length > page.length ? page.at(-1) : goesOn
  return { page: { sessions: page, ...(end && { next: cursorOf(end) }) }, odd }
}

interface Sorted {
  readonly sessions: readonly RankedSession[]
  readonly odd: readonly OddRow[]
}

function sort(values: readonly unknown[], userId: string, epoch: string): Sorted {
  const sessions: RankedSession[] = []
  const odd: OddRow[] = []
  for (const value of values) {
    const row = readStoredRow(value)
    if (row.kind === 'row' && row.row.epoch === epoch) sessions.push(sessionOf(row.row))
    else {
      // One whose id is no text has no key of ours.
      const place = placeIn(value)
      if (place) odd.push({ key: [userId, place.conversationId], read: row })
    }
  }
  return { sessions, odd }
}

/** What is stored under a key. */
export async function getRow(
  database: Database,
  key: RowKey,
): Promise<{ readonly session: RankedSession } | 'removed' | UnreadableRow | undefined> {
  const [value, tombstone, stored] = await read(database, ({ sessions, tombstones, epochs }) =>
    Promise.all([sessions.get(key), tombstones.get(key), epochs.get(epochKey(key[0]))]),
  )
  if (tombstone !== undefined) return 'removed'
  if (value === undefined) return undefined
  const found = readStoredRow(value)
  if (found.kind !== 'row') return found
  return found.row.epoch === epochIn(stored) ? { session: sessionOf(found.row) } : undefined
}

/** Moves damaged rows, as they are, to where they are in nobody's way, and deletes those of an epoch that ended. */
export function tidyRows(database: Database, rows: readonly OddRow[]): PromiseLike<void> {
  return write(database, async (tables) => {
    const { sessions, quarantine } = tables
    for (const { key } of rows) {
      const value = await sessions.get(key)
      // Another tab may have moved it already and saved the conversation anew.
      if (value === undefined) continue
      const found = readStoredRow(value)
      if (found.kind === 'newer-version') continue
      if (found.kind === 'row') {
        const epoch = await readEpoch(tables, key[0])
        if (epoch === '' || found.row.epoch === epoch) continue
      } else await quarantine.add({ key, value })
      await sessions.delete(key)
    }
  })
}

function lastPlace(values: readonly unknown[]): ListPlace | undefined {
  return values.map(placeIn).findLast((place) => place !== undefined)
}
