import { isObject } from '../../core/checks.js'
import { type Database, type RowKey, rowsInOrder, startingWith, type Tables, write } from './database.js'

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
