import { decodeKeyPart, encodeKeyPart } from '../../core/key-part.js'
import type { ConversationSession } from '../../core/session.js'
import { parseStorageKey, storageKey, type WebStorage } from '../../core/web-storage.js'

/** What a row's key says of its session. */
export type RowIds = Pick<ConversationSession, 'userId' | 'workspace' | 'conversationId'>

/**
 * The keys of one adapter name. A row, a title and a tombstone are keys of their own, so that two tabs never rewrite the
 * same one: a tab that only renames leaves the row alone, and a removal outlives a late writer.
 *
 * Only the browser knows which keys there are, and says so one by one: each of the plural functions is one scan of them all.
 */
export function rowKeys(name: string) {
  const row = (userId: string, workspace: string, conversationId: string): string =>
    storageKey(name, 'row', userId, workspace, conversationId)

  /** The user's rows, of one workspace or of all. The workspace is in the key so that a ring needs no parsing of others. */
  function rowsOf(storage: WebStorage, userId: string, workspace?: string): string[] {
    return workspace === undefined
      ? keysBelow(storage, storageKey(name, 'row', userId), 2)
      : keysBelow(storage, storageKey(name, 'row', userId, workspace), 1)
  }

  return {
    row,
    rowsOf,
    title: (userId: string, conversationId: string) => storageKey(name, 'title', userId, conversationId),
    tombstone: (userId: string, conversationId: string) => storageKey(name, 'removed', userId, conversationId),
    setAside: (key: string) => storageKey(name, 'set-aside', key),

    /** All tombstones. */
    tombstones: (storage: WebStorage) => keysBelow(storage, storageKey(name, 'removed'), 2),

    /** The user's rows with these ids, in whichever workspace they are, by id. */
    rowsById(storage: WebStorage, userId: string, conversationIds: readonly string[]): Map<string, string> {
      const wanted = new Map(conversationIds.map((id) => [encodeKeyPart(id, '/'), id]))
      const found = new Map<string, string>()
      for (const key of rowsOf(storage, userId)) {
        const conversationId = wanted.get(lastPart(key))
        if (conversationId !== undefined) found.set(conversationId, key)
      }
      return found
    },

    /** The id in a row's key. */
    idOf: (rowKey: string) => decodeKeyPart(lastPart(rowKey), '/'),

    /** Which conversation a row's key is of. */
    ofRow(rowKey: string): RowIds | undefined {
      const [, userId, workspace, conversationId] = parseStorageKey(name, rowKey) ?? []
      if (userId === undefined || workspace === undefined || conversationId === undefined) return undefined
      return { userId, workspace, conversationId }
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

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

/** The keys that add `depth` parts to `path`; any other below it is not ours. */
function keysBelow(storage: WebStorage, path: string, depth: number): string[] {
  const prefix = `${path}/`
  const found: string[] = []
  for (let index = 0; index < storage.length; index++) {
    const key = storage.key(index)
    if (key?.startsWith(prefix) && partsFrom(key, prefix.length) === depth) found.push(key)
  }
  return found
}

/** Without a string or an array of its own, as there may be 10,000 keys. */
function partsFrom(key: string, start: number): number {
  let parts = 1
  for (let at = key.indexOf('/', start); at >= 0; at = key.indexOf('/', at + 1)) parts++
  return parts
}
