import type { WebStorage } from '../../core/web-storage.js'
import type { KeyIndex } from './key-index.js'
import { type AdapterKeys, allKeys } from './keys.js'

/** How long a removed row cannot come back. */
const tombstoneMs = 30 * 24 * 60 * 60 * 1_000

/** Removes conversations of a user, and tombstones that are old. */
export function rowRemover(keys: AdapterKeys, index: KeyIndex, now: () => number) {
  /** A tombstone has done its work once no writer can be that late. */
  function removeOldTombstones(storage: WebStorage): void {
    for (const key of allKeys(storage)) {
      if (!keys.parseTombstone(key) || Number(storage.getItem(key)) >= now() - tombstoneMs) continue
      storage.removeItem(key)
      index.removed(storage, key)
    }
  }

  /** The tombstone before the row goes: other pages get each write as an event of its own, and without it the row would look cleared away. */
  return function removeRows(storage: WebStorage, userId: string, conversationIds: readonly string[]): void {
    for (const conversationId of conversationIds) {
      const tombstone = keys.tombstone(userId, conversationId)
      const partKeys = [...(index.peek(storage, userId, conversationId)?.ranks.keys() ?? [])]
      const removeParts = () => {
        for (const key of partKeys) {
          storage.removeItem(key)
          index.removed(storage, key)
        }
      }
      try {
        storage.setItem(tombstone, String(now()))
      } catch {
        removeParts() // makes room
        storage.setItem(tombstone, String(now()))
      }
      removeParts()
      index.wrote(storage, tombstone)
    }
    removeOldTombstones(storage)
  }
}
