import type { Refusal, RefusalReason } from '../../core/adapter.js'
import { applyChange, type SessionChange, type StoredRow } from '../../core/change.js'
import { type ReadRow, readStoredRow } from '../../core/read-stored-row.js'
import { type Database, type RowKey, withIndexField, write } from './database.js'
import { epochIn, epochKey, epochRow } from './epochs.js'
import type { OddRow } from './read-rows.js'

/** What became of the changes. */
export interface SavedRows {
  readonly refusals: readonly Refusal[]
  /** The ids of the rows that were written, by user. */
  readonly changed: ReadonlyMap<string, readonly string[]>
  readonly odd: readonly OddRow[]
}

/** Applies the changes, which were checked, in one transaction: no other tab can write between reading and writing. */
export function saveRows(database: Database, changes: readonly SessionChange[]): PromiseLike<SavedRows> {
  return write(database, async ({ sessions, tombstones, epochs, quarantine }) => {
    const keys = changes.map(({ userId, conversationId }): RowKey => [userId, conversationId])
    const users = [...new Set(changes.map(({ userId }) => userId))]
    const [values, removals, tokens] = await Promise.all([
      sessions.bulkGet(keys),
      tombstones.bulkGet(keys),
      epochs.bulkGet(users.map(epochKey)),
    ])
    const known = new Map(users.map((userId, index) => [userId, epochIn(tokens[index])]))
    const found = keys.map((key, index) => ({ key, value: values[index], isRemoved: removals[index] !== undefined }))
    const rows = new Map(found.map((stored) => [idOf(stored.key), rowInHand(stored)]))
    const decided = decide(changes, rows, new Map(known))

    const inHand = [...rows.values()]
    const damaged = inHand.filter(({ read }) => read?.kind === 'damaged')
    const changed = inHand.flatMap(({ next }) => (next ? [withIndexField(next)] : []))
    const newEpochs = [...decided.epochs].filter(([userId, epoch]) => epoch !== known.get(userId))
    await Promise.all([
      damaged.length > 0 && quarantine.bulkAdd(damaged.map(({ key, value }) => ({ key, value }))),
      damaged.length > 0 && sessions.bulkDelete(damaged.map(({ key }) => key)),
      newEpochs.length > 0 && epochs.bulkPut(newEpochs.map(([userId, epoch]) => epochRow(userId, epoch))),
    ])
    // After the damaged ones are gone, for it may begin them anew.
    if (changed.length > 0) await sessions.bulkPut(changed)
    return {
      refusals: decided.refusals,
      changed: idsByUser(changed),
      odd: inHand.flatMap(({ key, read }) => (read && read.kind !== 'row' ? [{ key, read }] : [])),
    }
  })
}

function idsByUser(rows: readonly StoredRow[]): ReadonlyMap<string, readonly string[]> {
  const ids = new Map<string, string[]>()
  for (const { userId, conversationId } of rows) ids.set(userId, [...(ids.get(userId) ?? []), conversationId])
  return ids
}

/** A row while changes are applied to it. */
interface RowInHand {
  readonly key: RowKey
  readonly value: unknown
  readonly isRemoved: boolean
  readonly read: ReadRow | undefined
  /** What it became. */
  next?: StoredRow
}

function rowInHand(stored: Pick<RowInHand, 'key' | 'value' | 'isRemoved'>): RowInHand {
  return { ...stored, read: stored.value === undefined ? undefined : readStoredRow(stored.value) }
}

/** Decides on each change in turn. Changes `rows` and `epochs`. */
function decide(
  changes: readonly SessionChange[],
  rows: ReadonlyMap<string, RowInHand>,
  epochs: Map<string, string>,
): { readonly refusals: readonly Refusal[]; readonly epochs: ReadonlyMap<string, string> } {
  const refusals = changes.flatMap((change): Refusal[] => {
    const { userId, conversationId } = change
    const epoch = epochs.get(userId) || change.epoch
    epochs.set(userId, epoch)
    const row = rows.get(idOf([userId, conversationId]))
    const reason = epoch === change.epoch ? apply(row, change) : 'signed-out'
    return reason ? [{ conversationId, reason }] : []
  })
  return { refusals, epochs }
}

function apply(row: RowInHand | undefined, change: SessionChange): RefusalReason | undefined {
  if (!row || row.isRemoved) return 'removed'
  if (row.read?.kind === 'newer-version') return 'newer-version'
  const stored = row.next ?? (row.read?.kind === 'row' ? row.read.row : undefined)
  const next = applyChange(stored?.epoch === change.epoch ? stored : undefined, change)
  if ('refused' in next) return next.refused
  row.next = next
  return undefined
}

function idOf(key: RowKey): string {
  return JSON.stringify(key)
}
