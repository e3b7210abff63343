import type { StoredRow } from '../../core/apply-change.js'
import { isObject, parseJson, readRow } from '../../core/checks.js'
import { nextTask } from '../../core/clock.js'
import { LeftoffError } from '../../core/error.js'
import { keysWith, parseKeyPart, parseStorageKey, storageKey } from '../../core/keys-and-ids.js'
import type { RankedSession } from '../../core/session.js'
import type { AdapterReport, ListQuery, SessionPage } from '../../core/session-adapter.js'
import { byRank, cursorOf, isNewerRow, placeOf, sessionOf } from '../../core/stored-row.js'
import type { WebStorage } from '../../core/web-storage.js'
import { joinParts, type Part } from './save-parts.js'

/** What a part's key says. The key alone identifies user, workspace and conversation; a value cannot claim to be another's. */
interface PartKey {
  readonly userId: string
  readonly workspace: string
  readonly conversationId: string
  readonly author: string
}

/**
 * The keys of a conversation's parts, sorted, as they are now. Two pages may begin one conversation in two workspaces: every page
 * takes that of the first key.
 */
type ConversationKeys = readonly string[]

/** How many values are looked at before the page may do something else, such as paint: a few milliseconds' worth. */
const valuesPerTask = 1_000

/**
 * The parts in a storage. Which keys hold some is known from one scan, and from then on by what this page and others write: only the
 * browser knows its keys, and tells them one by one. A part that does not parse is quarantined with its bytes.
 */
export function storedParts(name: string, storage: WebStorage, report: (report: AdapterReport) => void) {
  let users: Map<string, Map<string, string[]>> | undefined
  /** The rank of each part whose value was looked at since it changed, by its key. */
  const ranks = new Map<string, number>()
  /** How many keys the storage had when the index was right. Another number: a page wrote and no event came. */
  let length = -1
  const reported = new Set<string>()
  const prefix = `${storageKey(name, 'part')}/`

  function parseKey(key: string): PartKey | undefined {
    const names = parseStorageKey(name, key)
    const [kind, userId = '', workspace = '', conversationId = '', author = ''] = names
    return kind === 'part' && names.length === 5 ? { userId, workspace, conversationId, author } : undefined
  }

  /** Looks at all keys. What was looked at stays known, so that no value is read again. */
  function scan(): void {
    users = new Map()
    for (const key of keysWith(storage, prefix)) add(key)
    length = storage.length
  }

  function add(key: string): void {
    // Not taken apart as a whole: thousands are looked at while the page opens.
    const userEnd = key.indexOf('/', prefix.length)
    const idStart = key.indexOf('/', userEnd + 1) + 1
    const idEnd = key.indexOf('/', idStart)
    if (!users || userEnd < 0 || idStart <= userEnd || idEnd < 0 || key.includes('/', idEnd + 1)) return
    const userId = parseKeyPart(key.slice(prefix.length, userEnd))
    const conversationId = parseKeyPart(key.slice(idStart, idEnd))
    const conversations = users.get(userId) ?? new Map<string, string[]>()
    users.set(userId, conversations)
    const known = conversations.get(conversationId)
    if (!known) conversations.set(conversationId, [key])
    else if (!known.includes(key)) {
      known.push(key)
      known.sort()
    }
  }

  function drop(key: string): void {
    const { userId = '', conversationId = '' } = parseKey(key) ?? {}
    const conversations = users?.get(userId)
    const keys = conversations?.get(conversationId) ?? []
    if (keys.includes(key)) keys.splice(keys.indexOf(key), 1)
    if (keys.length === 0) conversations?.delete(conversationId)
  }

  const tombstone = (userId: string, conversationId: string) => storageKey(name, 'removed', userId, conversationId)

  function keysByConversation(userId: string): ReadonlyMap<string, ConversationKeys> {
    if (!users || storage.length !== length) scan()
    return users?.get(userId) ?? new Map()
  }

  /** The user's conversations, by id, in a workspace or in all. */
  function conversationsOf(userId: string, workspace?: string): (readonly [string, ConversationKeys])[] {
    const names = workspace === undefined ? [userId] : [userId, workspace]
    const start = `${storageKey(name, 'part', ...names)}/`
    const found: (readonly [string, ConversationKeys])[] = []
    for (const one of keysByConversation(userId)) if (one[1][0]?.startsWith(start)) found.push(one)
    return found
  }

  /** The key was written, or it is gone. */
  function noteKey(key: string, isThere: boolean): void {
    ranks.delete(key)
    if (!isThere) drop(key)
    else if (key.startsWith(prefix)) add(key)
    length = storage.length
  }

  function forgetKeys(): void {
    users = undefined
    ranks.clear()
  }

  function removeKey(key: string): void {
    storage.removeItem(key)
    noteKey(key, false)
  }

  function read(key: string): Part | 'newer-version' | undefined {
    const text = storage.getItem(key)
    const ids = parseKey(key)
    if (text === null || !ids) return undefined
    const { author, ...identity } = ids
    const value = parseJson(text)
    if (isObject(value)) {
      const { writtenAt, folded, ...row } = value
      const found = readRow({ ...row, ...identity })
      if (found.ok) {
        return {
          key,
          author,
          row: found.value,
          writtenAt: typeof writtenAt === 'number' ? writtenAt : 0,
          folded: Array.isArray(folded) ? folded.filter((one) => typeof one === 'string') : [],
        }
      }
    }
    const isNewer = isNewerRow(value)
    if (!isNewer) quarantine(key, text)
    if (!reported.has(key)) {
      reported.add(key)
      const message = isNewer
        ? 'A stored session was written by a later version of leftoff and was left alone. Update leftoff to read it.'
        : 'A stored session could not be read. Its bytes were moved to a key of their own.'
      const type = isNewer ? 'newer-version' : 'row-quarantined'
      const error = new LeftoffError(isNewer ? 'newer-version' : 'invalid-session', message)
      report({ type, conversationId: ids.conversationId, error })
    }
    return isNewer ? 'newer-version' : undefined
  }

  /** A storage that is full keeps the bytes where they are. */
  function quarantine(key: string, text: string): void {
    try {
      storage.setItem(storageKey(name, 'quarantine', key), text)
      storage.removeItem(key)
    } catch {
      // The rows that can be read are worth more than the move.
    }
  }

  /** The parts of a conversation, by key. Those of another epoch belong to a sign-in that ended: they are removed, unless no epoch is known. */
  function partsOf(
    keys: ConversationKeys,
    epoch: string,
  ): { readonly parts: readonly Part[]; readonly isNewer: boolean } {
    const parts: Part[] = []
    let isNewer = false
    for (const key of [...keys]) {
      const part = read(key)
      if (part === 'newer-version') isNewer = true
      else if (part?.row.epoch === epoch) {
        parts.push(part)
        ranks.set(key, part.row.activity.rank)
      } else if (!part) noteKey(key, false)
      else if (epoch !== '') removeKey(key)
    }
    return { parts, isNewer }
  }

  function rowOf(keys: ConversationKeys, epoch: string): StoredRow | 'newer-version' | undefined {
    const { parts, isNewer } = partsOf(keys, epoch)
    return isNewer ? 'newer-version' : joinParts(parts)
  }

  return {
    storage,
    scan,
    conversationsOf,
    noteKey,
    removeKey,
    partsOf,
    rowOf,
    tombstone,
    newKey: ({ userId, workspace, conversationId, author }: PartKey) =>
      storageKey(name, 'part', userId, workspace, conversationId, author),

    /** Where one conversation is. With `isSure` a miss scans before it says so. */
    find(userId: string, conversationId: string, isSure: boolean): ConversationKeys | undefined {
      const found = keysByConversation(userId).get(conversationId)
      if (found || !isSure) return found
      scan()
      return users?.get(userId)?.get(conversationId)
    },

    /** Anything may have changed while the page did not listen. */
    forgetKeys,

    /** What is remembered here names conversations. */
    forget(): void {
      forgetKeys()
      reported.clear()
    },

    write({ key, row, writtenAt, folded }: Part): void {
      const { userId: _user, workspace: _workspace, conversationId: _id, ...rest } = row
      storage.setItem(key, JSON.stringify({ ...rest, writtenAt, ...(folded.length > 0 && { folded }) }))
      noteKey(key, true)
    },

    /**
     * A page of the list. Only the sessions on it are parsed; of the others just the rank is looked for in the text, once for as
     * long as the text stays the same, and that gives way to the page now and then.
     */
    async list(userId: string, epoch: string, { workspace, limit, after }: ListQuery): Promise<SessionPage> {
      const start = after === undefined ? undefined : placeOf(after)
      const found: { keys: ConversationKeys; conversationId: string; rank: number }[] = []
      let looked = 0
      for (const [conversationId, keys] of conversationsOf(userId, workspace)) {
        let rank = 0
        for (const key of [...keys]) {
          const known = ranks.get(key)
          if (known === undefined && ++looked % valuesPerTask === 0) await nextTask()
          const own = known ?? rankOf(storage.getItem(key) ?? '')
          ranks.set(key, own)
          rank = Math.max(rank, own)
        }
        found.push({ keys, conversationId, rank })
      }
      const sessions: RankedSession[] = []
      for (const one of found.sort(byRank)) {
        if (start && byRank(one, start) <= 0) continue
        if (sessions.length > limit) break
        if (storage.getItem(tombstone(userId, one.conversationId)) !== null) continue
        const row = rowOf(one.keys, epoch)
        if (row && row !== 'newer-version') sessions.push(sessionOf(row))
      }
      const page = sessions.sort(byRank).slice(0, limit) // one may have been saved in between
      const last = page.at(-1)
      return { sessions: page, ...(sessions.length > limit && last && { next: cursorOf(last) }) }
    },
  }
}

export type StoredParts = ReturnType<typeof storedParts>

/** A part's rank as it stands in its text, where it is the first of the ranks; a quote inside a string would be escaped. */
function rankOf(text: string): number {
  return Number(/"activity":\{"at":\d+,"rank":(\d+)\}/.exec(text)?.[1] ?? 0)
}
