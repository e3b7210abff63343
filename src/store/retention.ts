import type { SessionAdapter } from '../core/adapter.js'
import type { Clock } from '../core/clock.js'
import type { ConversationSession } from '../core/session.js'
import type { Loan } from './holdings.js'
import { removeOldest } from './remove-oldest.js'

/** What {@link createRetention} needs. */
export interface RetentionOptions {
  readonly adapter: SessionAdapter
  readonly userId: string
  readonly clock: Clock
  readonly retentionDays: number
  readonly lend: () => Loan
  /** Whether a row may go that nobody asked to remove. */
  readonly mayRemove: (row: ConversationSession, loan: Loan) => Promise<boolean>
  readonly onRemoved: (conversationIds: readonly string[]) => void
  readonly isDisposed: () => boolean
}

const dayMs = 24 * 60 * 60 * 1_000
const expiredAtOnce = 50

/** Removes the rows that nobody used for `retentionDays`. */
export function createRetention(options: RetentionOptions) {
  const { adapter, userId, clock, retentionDays, lend, mayRemove, onRemoved, isDisposed } = options
  let hasBegun = false

  function isExpired({ lastActivity }: ConversationSession): boolean {
    return lastActivity < clock.now() - retentionDays * dayMs
  }

  async function removeExpired(): Promise<void> {
    const loan = lend()
    const mayGo = async (row: ConversationSession) => isExpired(row) && (await mayRemove(row, loan))
    try {
      let removed: readonly string[]
      do {
        removed = await removeOldest(adapter, userId, { limit: expiredAtOnce, mayGo })
        onRemoved(removed)
      } while (removed.length === expiredAtOnce && !isDisposed())
    } catch {
      // Nobody waits for it; the next page tries again.
    } finally {
      loan.end()
    }
  }

  return {
    /** Once per page, after the newest sessions were read; if that were all, they tell whether any is that old. */
    removeOnce(newest: readonly ConversationSession[], isAll: boolean): void {
      if (hasBegun) return
      hasBegun = true
      if (!isAll || newest.some(isExpired)) void removeExpired()
    },
  }
}
