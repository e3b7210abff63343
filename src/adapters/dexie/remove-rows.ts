import * as z from 'zod/mini'
import { type Database, type RowKey, rowsInOrder, startingWith, write } from './database.js'

/** How long a removal is remembered, so that a late writer cannot bring the row back. */
export const tombstoneLifetimeMs = 30 * 24 * 60 * 60 * 1000

/** Removes these rows and what was set aside of them, and leaves tombstones. */
export function removeRows(
  database: Database,
  userId: string,
  conversationIds: readonly string[],
  now: number,
): PromiseLike<void> {
  const keys = conversationIds.map((id): RowKey => [userId, id])
  return write(database, () => bury(database, keys, now))
}

/** Removes the user's rows, of one workspace or of all, and leaves tombstones. Gives the ids. */
export function clearRows(
  database: Database,
  userId: string,
  workspace: string | undefined,
  now: number,
): PromiseLike<string[]> {
  const { rows, setAside } = database
  return write(database, async () => {
    // Of all: by primary key, under which a damaged row is found too.
    const found =
      workspace === undefined
        ? rows.where(':id').between(...startingWith(userId))
        : rowsInOrder(database, userId, { workspace })
    const keys = await found.primaryKeys()
    await bury(database, keys, now)
    await setAside
      .where('key')
      .between(...startingWith(userId))
      .filter(({ value }) => workspace === undefined || workspaceOf(value) === workspace)
      .delete()
    return keys.map(([, conversationId]) => conversationId)
  })
}

async function bury({ rows, tombstones, setAside }: Database, keys: RowKey[], now: number): Promise<void> {
  await rows.bulkDelete(keys)
  await setAside.where('key').anyOf(keys).delete()
  await tombstones.bulkPut(keys.map(([userId, conversationId]) => ({ userId, conversationId, removedAt: now })))
  // The table grows nowhere else, and a late writer that comes even later is still refused until the next removal.
  await tombstones
    .where('removedAt')
    .below(now - tombstoneLifetimeMs)
    .delete()
}

/** Of a damaged row, as far as it still says. */
function workspaceOf(value: unknown): string | undefined {
  return z.safeParse(ofWorkspace, value).data?.session.workspace
}

const ofWorkspace = z.object({ session: z.object({ workspace: z.string() }) })
