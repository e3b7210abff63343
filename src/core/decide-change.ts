import type { Change, Refusal } from './adapter.js'
import { type ReadRow, type StoredRow, schemaVersion } from './stored-row.js'

/**
 * What becomes of a change, given what is stored: the row to write, `'repeat'` if it was accepted before, or a refusal.
 * The rule of the adapter contract, for adapters that decide in TypeScript.
 */
export function decideChange(
  { session, base, saveId }: Change,
  stored: ReadRow | undefined,
  isRemoved: boolean,
): StoredRow | 'repeat' | Refusal {
  const { conversationId } = session
  if (isRemoved) return { conversationId, reason: 'removed' }
  if (stored?.kind === 'newer-version') return { conversationId, reason: 'newer-version' }
  if (stored?.kind === 'row') {
    if (stored.row.saveId === saveId) return 'repeat'
    if (stored.row.session.revision !== base) return { conversationId, reason: 'changed', stored: stored.row.session }
  } else if (base !== 0) {
    return { conversationId, reason: 'missing' }
  }
  return { schemaVersion, saveId, session: { ...session, revision: base + 1 } }
}
