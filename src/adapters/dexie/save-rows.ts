import { applyChange, type SessionChange, type StoredRow } from '../../core/apply-change.js'
import type { Refusal, RefusalReason } from '../../core/session-adapter.js'
import { type Database, epochIn, epochKey, epochRow, type RowKey, withIndexField, write } from './database.js'
import { type OddRow, readStoredRow } from './read-rows.js'
import { tidy } from './remove-rows.js'

/** What became of the changes. */
export interface SavedRows {
  readonly refusals: readonly Refusal[]
  /** The ids of the rows that were written, by user. */
  readonly saved: ReadonlyMap<string, readonly string[]>
  readonly odd: readonly OddRow[]
}

/** Applies the changes, which were checked, in one transaction: no other tab can write between reading and writing. */
export function saveRows(database: Database, changes: readonly SessionChange[]): PromiseLike<SavedRows> {
  return write(database, async (tables) => {
    const { sessions, tombstones, epochs } = tables
    const keys = changes.map(({ userId, conversationId }): RowKey => [userId, conversationId])
    const [values, removals, tokens] = await Promise.all([
      sessions.bulkGet(keys),
      tombstones.bulkGet(keys),
      epochs.bulkGet(changes.map(({ userId }) => epochKey(userId))),
    ])
    const refusals: Refusal[] = []
    const saved = new Map<string, StoredRow>()
    const odd = new Map<string, OddRow>()
    const newEpochs = new Map<string, string>()

    for (const [index, change] of changes.entries()) {
      const { userId, conversationId } = change
      const id = JSON.stringify([userId, conversationId])
      const value = values[index]
      const read = value === undefined ? undefined : readStoredRow(value)
      if (read && read.kind !== 'row') odd.set(id, { key: [userId, conversationId], read })

      const epoch = epochIn(tokens[index]) || newEpochs.get(userId) || change.epoch
      if (epoch !== epochIn(tokens[index])) newEpochs.set(userId, epoch)

      let reason: RefusalReason | undefined
      if (epoch !== change.epoch) reason = 'signed-out'
      else if (removals[index]) reason = 'removed'
      else if (read?.kind === 'newer-version') reason = 'newer-version'
      else {
        // A later change of the same row in this call is applied to this one's result.
        const stored = saved.get(id) ?? (read?.kind === 'row' ? read.row : undefined)
        const row = applyChange(stored?.epoch === epoch ? stored : undefined, change)
        if ('refused' in row) reason = row.refused
        else saved.set(id, row)
      }
      if (reason) refusals.push({ conversationId, reason })
    }

    await tidy(tables, [...odd.values()])
    await Promise.all([
      sessions.bulkPut([...saved.values()].map(withIndexField)),
      epochs.bulkPut([...newEpochs].map(([userId, epoch]) => epochRow(userId, epoch))),
    ])
    const ids = new Map<string, string[]>()
    for (const { userId, conversationId } of saved.values()) {
      const ofUser = ids.get(userId) ?? []
      ids.set(userId, ofUser)
      ofUser.push(conversationId)
    }
    return { refusals, saved: ids, odd: [...odd.values()] }
  })
}
