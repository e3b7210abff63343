import { parseStorageKey, storageKey, type WebStorage } from '../../core/web-storage.js'

/**
 * The keys of one adapter name. A row, a title and a tombstone are keys of their own, so that two tabs never rewrite the
 * same one: a tab that only renames leaves the row alone, and a removal outlives a late writer.
 */
export function rowKeys(name: string) {
  return {
    row: (userId: string, workspace: string, conversationId: string) =>
      storageKey(name, 'row', userId, workspace, conversationId),
    title: (userId: string, conversationId: string) => storageKey(name, 'title', userId, conversationId),
    tombstone: (userId: string, conversationId: string) => storageKey(name, 'removed', userId, conversationId),
    setAside: (key: string) => storageKey(name, 'set-aside', key),

    /** The keys of all tombstones. */
    tombstones: (storage: WebStorage) => keysBelow(storage, `${storageKey(name, 'removed')}/`),

    /** The keys of the user's rows, of one workspace or of all. The workspace is in the key so that a ring needs no parsing of others. */
    rowsOf(storage: WebStorage, userId: string, workspace?: string): string[] {
      const prefix = `${workspace === undefined ? storageKey(name, 'row', userId) : storageKey(name, 'row', userId, workspace)}/`
      return keysBelow(storage, prefix)
    },

    /** The key of the user's row with this id, in whichever workspace it is. */
    rowOf(storage: WebStorage, userId: string, conversationId: string): string | undefined {
      return this.rowsOf(storage, userId).find((key) => this.parse(key)?.conversationId === conversationId)
    },

    /** Whose key this is: `undefined` for one that tells nothing about a conversation. */
    parse(key: string): { userId: string; conversationId: string } | undefined {
      const [kind, userId, ...rest] = parseStorageKey(name, key) ?? []
      const conversationId = rest.at(-1)
      if (userId === undefined || conversationId === undefined) return undefined
      const length = kind === 'row' ? 2 : kind === 'title' || kind === 'removed' ? 1 : 0
      return rest.length === length ? { userId, conversationId } : undefined
    },
  }
}

function keysBelow(storage: WebStorage, prefix: string): string[] {
  const found: string[] = []
  for (let index = 0; index < storage.length; index++) {
    const key = storage.key(index)
    if (key?.startsWith(prefix)) found.push(key)
  }
  return found
}
