import { isObject } from '../../core/checks.js'
import { shortHash } from '../../core/ids.js'
import { readEpoch as readStoredEpoch } from '../../core/web-storage.js'
import { type Database, startingWith, type Tables, write } from './database.js'

/** The key of the user's epoch. */
export function epochKey(userId: string): string {
  return shortHash(userId)
}

/** The epoch that a value of the table holds, `''` if it is none. */
export function epochIn(value: unknown): string {
  return isObject(value) ? readStoredEpoch(value.epoch) : ''
}

/** The user's epoch, in the transaction of these tables. */
export async function readEpoch({ epochs }: Tables, userId: string): Promise<string> {
  return epochIn(await epochs.get(epochKey(userId)))
}

/** A value of the table. */
export function epochRow(userId: string, epoch: string): object {
  return { user: epochKey(userId), epoch }
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
