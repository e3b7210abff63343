import type { Change, Refusal } from '../../core/adapter.js'
import { decideChange } from '../../core/decide-change.js'
import type { ConversationSession } from '../../core/session.js'
import { type ReadRow, readStoredRow } from '../../core/stored-row.js'
import { type Database, type RowKey, withIndexFields, write } from './database.js'
import type { UnreadableRow } from './read-rows.js'
import type { SignOutGuard } from './sign-outs.js'

/** What became of the changes. */
export interface SavedRows {
  /** Repeats included: a first try may have been saved and its answer lost. */
  readonly accepted: readonly ConversationSession[]
  readonly refusals: readonly Refusal[]
  readonly unreadable: readonly UnreadableRow[]
}

/** Decides on each change and writes what is accepted, all in one transaction: no tab can write between the two. */
export function saveRows(
  database: Database,
  changes: readonly Change[],
  signOuts: SignOutGuard,
): PromiseLike<SavedRows> {
  const { rows, tombstones, setAside } = database
  return write(database, async () => {
    await signOuts.check(database, new Set(changes.map(({ session }) => session.userId)))
    const keys = changes.map(({ session }): RowKey => [session.userId, session.conversationId])
    const [values, removals] = await Promise.all([rows.bulkGet(keys), tombstones.bulkGet(keys)])
    const stored = new Map<string, ReadRow>()
    const toWrite = new Map<string, ReturnType<typeof withIndexFields>>()
    const accepted: ConversationSession[] = []
    const refusals: Refusal[] = []
    const unreadable: UnreadableRow[] = []

    for (const [index, key] of keys.entries()) {
      const value = values[index]
      const id = JSON.stringify(key)
      if (value === undefined || stored.has(id)) continue
      const read = readStoredRow(value)
      if (read.kind !== 'row') unreadable.push({ key, read })
      if (read.kind === 'invalid') await setAside.add({ key, value })
      if (read.kind === 'invalid') await rows.delete(key)
      else stored.set(id, read)
    }
    for (const [index, change] of changes.entries()) {
      const id = JSON.stringify(keys[index])
      const decision = decideChange(change, stored.get(id), removals[index] !== undefined)
      if (decision !== 'repeat' && 'reason' in decision) {
        refusals.push(decision)
        continue
      }
      accepted.push(change.session)
      if (decision === 'repeat') continue
      // A later change of the same row in this call is made from this one.
      stored.set(id, { kind: 'row', row: decision })
      toWrite.set(id, withIndexFields(decision))
    }
    await rows.bulkPut([...toWrite.values()])
    return { accepted, refusals, unreadable }
  })
}
