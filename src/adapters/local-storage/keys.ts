import { epochKey } from '../../core/epoch.js'
import { decodeKeyPart, encodeKeyPart } from '../../core/key-part.js'
import { storageKey, type WebStorage } from '../../core/web-storage.js'

/** What a part's key says. The key alone identifies user, workspace and conversation; a value cannot claim to be another's. */
export interface PartKey {
  readonly userId: string
  readonly workspace: string
  readonly conversationId: string
  /** Of the store instance that writes it. */
  readonly author: string
}

/**
 * The keys of one adapter name. Each store instance writes its own part of a conversation, a key of its own, so that two tabs
 * never rewrite the same one; a tombstone is another, so that a removal outlives a late writer.
 */
export function adapterKeys(name: string) {
  const partPrefix = `${storageKey(name, 'part')}/`
  const removedPrefix = `${storageKey(name, 'removed')}/`
  return {
    part: ({ userId, workspace, conversationId, author }: PartKey) =>
      storageKey(name, 'part', userId, workspace, conversationId, author),
    tombstone: (userId: string, conversationId: string) => storageKey(name, 'removed', userId, conversationId),
    quarantine: (key: string) => storageKey(name, 'quarantine', key),
    epoch: (userId: string) => epochKey(name, userId),

    parsePart(key: string): PartKey | undefined {
      const parts = partsAfter(key, partPrefix)
      if (parts?.length !== 4) return undefined
      const [userId = '', workspace = '', conversationId = '', author = ''] = parts
      return { userId, workspace, conversationId, author }
    },

    parseTombstone(key: string): { readonly userId: string; readonly conversationId: string } | undefined {
      const parts = partsAfter(key, removedPrefix)
      if (parts?.length !== 2) return undefined
      const [userId = '', conversationId = ''] = parts
      return { userId, conversationId }
    },

    /** Whether the key holds something of the user: a part, a tombstone, or a quarantined part. */
    isOfUser(key: string, userId: string): boolean {
      const own = encodeKeyPart(userId, '/')
      if (key.startsWith(`${partPrefix}${own}/`) || key.startsWith(`${removedPrefix}${own}/`)) return true
      const [quarantined] = partsAfter(key, `${storageKey(name, 'quarantine')}/`) ?? []
      return quarantined?.startsWith(`${partPrefix}${own}/`) ?? false
    },
  }
}

export type AdapterKeys = ReturnType<typeof adapterKeys>

/** All keys of the storage. */
export function allKeys(storage: WebStorage): string[] {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
}

function partsAfter(key: string, prefix: string): readonly string[] | undefined {
  if (!key.startsWith(prefix)) return undefined
  return key
    .slice(prefix.length)
    .split('/')
    .map((part) => decodeKeyPart(part, '/'))
}
