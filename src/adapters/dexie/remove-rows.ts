import { isObject } from '../../core/checks.js'
import {
  type Database,
  epochRow,
  type RowKey,
  readEpoch,
  rowsInOrder,
  startingWith,
  type Tables,
  write,
} from './database.js'
import { type OddRow, readStoredRow } from './read-rows.js'

/** How long a removal is remembered, so that a late writer cannot bring the row back. */
export const tombstoneLifetimeMs = 30 * 24 * 60 * 60 * 1000

/** Removes these rows and their quarantined copies, and leaves tombstones. */
export function removeRows(
  database: Database,
  userId: string,
  conversationIds: readonly string[],
  now: number,
): PromiseLike<void> {
  const keys = conversationIds.map((id): RowKey => [userId, id])
  return write(database, (tables) => bury(tables, keys, now))
}

/** Removes the user's rows, of one workspace or of all, and leaves tombstones. Returns the ids. */
export function clearRows(
  database: Database,
  userId: string,
  workspace: string | undefined,
  now: number,
): PromiseLike<string[]> {
  return write(database, async (tables) => {
    const { sessions, quarantine } = tables
    // Of all: by primary key, which finds a damaged row too.
    const found =
      workspace === undefined
        ? sessions.where(':id').between(...startingWith(userId))
        : rowsInOrder(tables, userId, workspace)
    const keys = await found.primaryKeys()
    await bury(tables, keys, now)
    await quarantine
      .where('key')
      .between(...startingWith(userId))
      .filter(({ value }) => workspace === undefined || (isObject(value) && value.workspace === workspace))
      .delete()
    return keys.map(([, conversationId]) => conversationId)
  })
}

async function bury({ sessions, tombstones, quarantine }: Tables, keys: RowKey[], now: number): Promise<void> {
  await Promise.all([
    sessions.bulkDelete(keys),
    quarantine.where('key').anyOf(keys).delete(),
    tombstones.bulkPut(keys.map(([userId, conversationId]) => ({ userId, conversationId, removedAt: now }))),
  ])
  // The table grows nowhere else, and a late writer that comes even later is still refused until the next removal.
  await tombstones
    .where('removedAt')
    .below(now - tombstoneLifetimeMs)
    .delete()
}

/** Quarantines damaged rows, as they are, and deletes those of an epoch that ended. */
export async function tidy(tables: Tables, odd: readonly OddRow[]): Promise<void> {
  for (const { key } of odd) {
    const value = await tables.sessions.get(key)
    // Another tab may have moved it already and saved the conversation anew.
    if (value === undefined) continue
    const found = readStoredRow(value)
    if (found.kind === 'newer-version') continue
    if (found.kind === 'row') {
      const epoch = await readEpoch(tables, key[0])
      // No epoch is stored: who knows it writes it again with the next change.
      if (epoch === '' || found.row.epoch === epoch) continue
    } else await tables.quarantine.add({ key, value })
    await tables.sessions.delete(key)
  }
}

/** Deletes all of the user and stores the next epoch. */
export function forgetUser(database: Database, userId: string, nextEpoch: string): PromiseLike<void> {
  return write(database, async (tables) => {
    const { sessions, tombstones, quarantine, epochs } = tables
    if ((await readEpoch(tables, userId)) === nextEpoch) return
    const range = startingWith(userId)
    await Promise.all([
      sessions
        .where(':id')
        .between(...range)
        .delete(),
      tombstones
        .where(':id')
        .between(...range)
        .delete(),
      quarantine
        .where('key')
        .between(...range)
        .delete(),
      epochs.put(epochRow(userId, nextEpoch)),
    ])
  })
}
