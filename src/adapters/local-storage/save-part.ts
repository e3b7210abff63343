import type { RefusalReason } from '../../core/adapter.js'
import type { SessionChange } from '../../core/change.js'
import { randomScope } from '../../core/ids.js'
import { changedPart, joinParts, type Part, says } from './part.js'
import type { StoredParts } from './parts.js'

/** Writes this page's parts: one key per conversation, which nobody else writes. */
export function partWriter(parts: StoredParts, now: () => number) {
  /** What this page wrote last, by user and conversation. */
  const written = new Map<string, Part>()
  const isRemoved = (userId: string, conversationId: string) =>
    parts.storage.getItem(parts.tombstone(userId, conversationId)) !== null

  return {
    /** Applies the change to this page's part. The epoch was compared before. */
    save(change: SessionChange): RefusalReason | undefined {
      const { userId, conversationId, epoch } = change
      if (isRemoved(userId, conversationId)) return 'removed'
      const id = JSON.stringify([userId, conversationId])
      // One that begins is nowhere: looking for it would scan all keys.
      const known = parts.find(userId, conversationId, change.begins === undefined)
      const stored = known && parts.partsOf(known, epoch)
      const all = stored?.parts ?? []
      const own = all.find(({ key }) => key === written.get(id)?.key)
      // The first time, or another page has folded our part into its own: a key of ours is never written again after that.
      if (!own && stored?.isNewer) return 'newer-version'
      const row = own ? undefined : joinParts(all)
      const begins = change.begins ?? row?.startedAt
      if (!own && begins === undefined) return 'unknown'
      const workspace = row?.workspace ?? change.workspace
      const author = own?.author ?? randomScope()
      const key = own?.key ?? parts.newKey({ userId, workspace, conversationId, author })
      const changed = changedPart(
        { ...own, key, author },
        { ...change, workspace, ...(begins !== undefined && { begins }) },
        all.filter((one) => one !== own),
        now(),
      )
      if ('refused' in changed) return changed.refused
      parts.write(changed.part)
      written.set(id, changed.part)
      // The row first, then the keys: a page that ends in between leaves parts that are known to be folded.
      for (const folded of changed.foldedKeys) parts.removeKey(folded)
      return undefined
    },

    /**
     * A key is gone. If it was ours, folded by a page that had not seen our latest write yet, that is written again: to a row
     * that is still there only, because what was cleared stays cleared.
     */
    onRemovedElsewhere(key: string, epoch: string): void {
      const [id, own] = [...written].find(([, part]) => part.key === key) ?? []
      if (!id || !own) return
      written.delete(id)
      const { userId, conversationId } = own.row
      const known = parts.find(userId, conversationId, false)
      const row = known && parts.rowOf(known, epoch)
      if (isRemoved(userId, conversationId) || !row || row === 'newer-version' || says(row, own.row)) return
      const { workspace } = row
      const author = randomScope()
      const again = { ...own, author, row: { ...own.row, workspace } }
      const part = { ...again, key: parts.newKey({ userId, conversationId, workspace, author }) }
      parts.write(part)
      written.set(id, part)
    },

    /** What is remembered here names conversations. */
    forget: () => written.clear(),
  }
}
