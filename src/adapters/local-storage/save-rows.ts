import type { Change, Refusal } from '../../core/adapter.js'
import { decideChange } from '../../core/decide-change.js'
import type { WebStorage } from '../../core/web-storage.js'
import type { rowKeys } from './keys.js'
import type { rowStorage } from './row-storage.js'
import { undoable } from './undoable.js'

/** Decides on each change and writes what is accepted. A call that throws has changed nothing. */
export function saveRows(
  page: WebStorage,
  keys: ReturnType<typeof rowKeys>,
  rows: ReturnType<typeof rowStorage>,
  changes: readonly Change[],
): readonly Refusal[] {
  const { storage, undo } = undoable(page)
  const ids = changes.map(({ session }) => session.conversationId)
  /** By user, where the rows of these ids are, once a scan was needed. */
  const places = new Map<string, Map<string, string>>()

  function placeOf(userId: string, conversationId: string): string | undefined {
    const known = places.get(userId) ?? keys.rowsById(storage, userId, ids)
    places.set(userId, known)
    return known.get(conversationId)
  }

  function saveOne(change: Change): readonly Refusal[] {
    const { userId, workspace, conversationId } = change.session
    // Its own key says it without a scan, unless the row lies under another workspace.
    const own = keys.row(userId, workspace, conversationId)
    const key = storage.getItem(own) === null ? (placeOf(userId, conversationId) ?? own) : own
    const isRemoved = storage.getItem(keys.tombstone(userId, conversationId)) !== null
    const stored = rows.read(storage, key)
    if (stored?.kind === 'invalid') throw stored.error // no room to set its bytes aside, and they are not ours to drop
    const decision = decideChange(change, stored, isRemoved)
    if (decision === 'repeat') return []
    if ('reason' in decision) return [decision]
    rows.write(storage, key, decision, stored?.kind === 'row' ? stored.row : undefined)
    places.get(userId)?.set(conversationId, key)
    return []
  }

  try {
    return changes.flatMap(saveOne)
  } catch (error) {
    undo()
    throw error
  }
}
