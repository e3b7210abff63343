import type { WebStorage } from '../../core/web-storage.js'
import { type AdapterKeys, allKeys } from './keys.js'

/** Where the parts of a conversation are. */
export interface IndexedConversation {
  readonly workspace: string
  /** The keys of its parts; of each its rank, unless its value has not been looked at since it changed. */
  readonly ranks: Map<string, number | undefined>
}

/**
 * Which keys hold parts, known from one scan and from then on by what this page and others write: only the browser knows its
 * keys, and tells them one by one.
 */
export function createKeyIndex(keys: AdapterKeys) {
  let users: Map<string, Map<string, IndexedConversation>> | undefined
  /** How many keys the storage had when the index was right. Another number: a page wrote and no event came. */
  let length = -1

  function scan(storage: WebStorage): void {
    const before = users
    users = new Map()
    for (const key of allKeys(storage)) {
      const part = keys.parsePart(key)
      if (part) add(key, part.userId, part.workspace, part.conversationId)
    }
    // What was looked at stays known, so that a scan reads no values again.
    for (const [userId, conversations] of before ?? []) {
      for (const [id, { ranks }] of conversations) {
        const now = users.get(userId)?.get(id)
        for (const [key, rank] of ranks) if (now?.ranks.has(key)) now.ranks.set(key, rank)
      }
    }
    length = storage.length
  }

  function add(key: string, userId: string, workspace: string, conversationId: string): void {
    const conversations = users?.get(userId) ?? new Map<string, IndexedConversation>()
    users?.set(userId, conversations)
    const known = conversations.get(conversationId)
    // Two pages may begin one conversation in two workspaces: every page takes the same one of them.
    const isFirst = !known || workspace < known.workspace
    const ranks = known?.ranks ?? new Map<string, number | undefined>()
    if (!ranks.has(key)) ranks.set(key, undefined)
    if (isFirst) conversations.set(conversationId, { workspace, ranks })
  }

  function ensure(storage: WebStorage): Map<string, Map<string, IndexedConversation>> {
    if (!users || storage.length !== length) scan(storage)
    return users ?? new Map()
  }

  return {
    /** The user's conversations. */
    conversationsOf: (storage: WebStorage, userId: string): ReadonlyMap<string, IndexedConversation> =>
      ensure(storage).get(userId) ?? new Map(),

    /** Where one conversation is. A miss scans before it says so. */
    find(storage: WebStorage, userId: string, conversationId: string): IndexedConversation | undefined {
      const found = ensure(storage).get(userId)?.get(conversationId)
      if (found) return found
      scan(storage)
      return users?.get(userId)?.get(conversationId)
    },

    /** As far as it is known, without a scan for one that is not. */
    peek: (storage: WebStorage, userId: string, conversationId: string): IndexedConversation | undefined =>
      ensure(storage).get(userId)?.get(conversationId),

    /** This page wrote the key. */
    wrote(storage: WebStorage, key: string): void {
      const part = keys.parsePart(key)
      if (users && part) {
        add(key, part.userId, part.workspace, part.conversationId)
        users.get(part.userId)?.get(part.conversationId)?.ranks.set(key, undefined)
      }
      length = storage.length
    },

    /** This page removed the key. */
    removed(storage: WebStorage, key: string): void {
      drop(key)
      length = storage.length
    },

    /** Another page changed the key. */
    changedElsewhere(storage: WebStorage | undefined, key: string): void {
      const part = keys.parsePart(key)
      if (!users || !part || !storage) return
      if (storage.getItem(key) === null) drop(key)
      else {
        add(key, part.userId, part.workspace, part.conversationId)
        users.get(part.userId)?.get(part.conversationId)?.ranks.set(key, undefined)
      }
      length = storage.length
    },

    /** Anything may have changed while the page did not listen. */
    forget(): void {
      users = undefined
    },
  }

  function drop(key: string): void {
    const part = keys.parsePart(key)
    const conversations = part && users?.get(part.userId)
    const ranks = part && conversations?.get(part.conversationId)?.ranks
    ranks?.delete(key)
    if (part && ranks?.size === 0) conversations?.delete(part.conversationId)
  }
}

export type KeyIndex = ReturnType<typeof createKeyIndex>
