import type { StoredRow } from '../../core/apply-change.js'
import { readRow } from '../../core/checks.js'
import { LeftoffError } from '../../core/error.js'
import type { RankedSession } from '../../core/session.js'
import type { ListQuery, SessionPage } from '../../core/session-adapter.js'
import { cursorOf, isNewerRow, placeOf, sessionOf } from '../../core/stored-row.js'
import { type Database, epochIn, epochKey, placeIn, type RowKey, read, readEpoch, rowsInOrder } from './database.js'

/** How many rows a page reads at most to make up for those that cannot be read. */
export const maxRowsSkipped = 1_000

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
  const sessions: RankedSession[] = []
  const odd: OddRow[] = []
  let place = after === undefined ? undefined : placeOf(after)
  let goesOn = limit > 0
  // One more than asked for shows whether the list continues.
  for (const count of [limit + 1, maxRowsSkipped]) {
    if (!goesOn || sessions.length > limit) break
    const [epoch, values] = await read(database, (tables) =>
      Promise.all([readEpoch(tables, userId), rowsInOrder(tables, userId, workspace, place).limit(count).toArray()]),
    )
    for (const value of values) {
      const row = readStoredRow(value)
      const here = placeIn(value)
      if (row.kind === 'row' && row.row.epoch === epoch) sessions.push(sessionOf(row.row))
      // One whose id is no text has no key of ours.
      else if (here) odd.push({ key: [userId, here.conversationId], read: row })
      place = here ?? place
    }
    goesOn = values.length === count
  }
  const page = sessions.slice(0, limit)
  const end = sessions.length > limit ? page.at(-1) : goesOn && place
  return { page: { sessions: page, ...(end && { next: cursorOf(end) }) }, odd }
}

/** What is stored under a key. */
export async function getRow(
  database: Database,
  key: RowKey,
): Promise<RankedSession | 'removed' | UnreadableRow | undefined> {
  const [value, tombstone, epoch] = await read(database, ({ sessions, tombstones, epochs }) =>
    Promise.all([sessions.get(key), tombstones.get(key), epochs.get(epochKey(key[0]))]),
  )
  if (tombstone) return 'removed'
  if (value === undefined) return undefined
  const found = readStoredRow(value)
  if (found.kind !== 'row') return found
  return found.row.epoch === epochIn(epoch) ? sessionOf(found.row) : undefined
}

/** What a stored value turned out to be. */
export type ReadRow = { readonly kind: 'row'; readonly row: StoredRow } | UnreadableRow

/** A row that is damaged, or that a later leftoff wrote. */
export interface UnreadableRow {
  readonly kind: 'damaged' | 'newer-version'
  readonly error: LeftoffError
}

/** Reads a row as an adapter stored it. */
export function readStoredRow(value: unknown): ReadRow {
  if (isNewerRow(value)) {
    const message =
      'A newer version of leftoff wrote this session. It was left alone; reload the page to get the newer code.'
    return { kind: 'newer-version', error: new LeftoffError('newer-version', message) }
  }
  const read = readRow(value)
  if (read.ok) return { kind: 'row', row: read.value }
  const message = `A stored session is damaged in its field ${read.field}.`
  return { kind: 'damaged', error: new LeftoffError('invalid-session', message) }
}

/** A row that is in the way: damaged, of a newer version, or of an epoch that ended. */
export interface OddRow {
  readonly key: RowKey
  readonly read: ReadRow
}
