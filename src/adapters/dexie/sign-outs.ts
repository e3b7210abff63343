import * as z from 'zod/mini'
import { LeftoffError } from '../../core/error.js'
import { type Database, startingWith, write } from './database.js'

/**
 * Keeps a tab that slept through a sign-out from writing the user's rows back. The database counts the sign-outs; a handle
 * remembers the count it began with for each user, and compares it in the transaction of each save.
 */
export function signOutGuard() {
  const begun = new Map<string, number>()

  return {
    /** At the first use for a user. */
    async begin({ counters }: Database, userId: string): Promise<void> {
      if (begun.has(userId)) return
      const count = countOf(await counters.get(key))
      if (!begun.has(userId)) begun.set(userId, count)
    },

    /** In the transaction that writes. */
    async check({ counters }: Database, userIds: ReadonlySet<string>): Promise<void> {
      const count = countOf(await counters.get(key))
      for (const userId of userIds) {
        const known = begun.get(userId) ?? count
        begun.set(userId, known)
        if (known < count) throw signedOut()
      }
    },

    /** Removes all of the user, tombstones included. The first handle to do so counts as the one that signs out. */
    async forget(database: Database, userId: string, now: number): Promise<void> {
      const { rows, tombstones, setAside, counters } = database
      await write(database, async () => {
        const count = countOf(await counters.get(key))
        // Never below the time, so that it grows even if someone deletes the database in between.
        if ((begun.get(userId) ?? count) >= count) await counters.put({ key, count: Math.max(count + 1, now) })
        await rows
          .where(':id')
          .between(...startingWith(userId))
          .delete()
        await tombstones
          .where(':id')
          .between(...startingWith(userId))
          .delete()
        await setAside
          .where('key')
          .between(...startingWith(userId))
          .delete()
      })
      begun.delete(userId)
    },
  }
}

export type SignOutGuard = ReturnType<typeof signOutGuard>

const key = 'sign-outs'
const counter = z.object({ count: z.number() })

function countOf(value: unknown): number {
  return z.safeParse(counter, value).data?.count ?? 0
}

function signedOut(): LeftoffError {
  return new LeftoffError('signed-out', 'The user signed out on this device. Nothing more of theirs is stored here.')
}
