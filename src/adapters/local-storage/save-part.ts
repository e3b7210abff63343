import type { RefusalReason } from '../../core/adapter.js'
import { applyChange, joinTitles, latest, type RankedText, type SessionChange } from '../../core/change.js'
import { joinRows } from '../../core/join-rows.js'
import type { WebStorage } from '../../core/web-storage.js'
import type { KeyIndex } from './key-index.js'
import type { AdapterKeys } from './keys.js'
import type { Part, Parts } from './parts.js'

/** What {@link createPartWriter} works with. */
export interface PartWriterOptions {
  readonly keys: AdapterKeys
  readonly parts: Parts
  readonly index: KeyIndex
  readonly now: () => number
  /** A new id for the parts this page writes. */
  readonly createAuthor: () => string
}

/** A part's window is smaller than a row's: the row as read is all parts together. */
const scopesKept = 16
/**
 * A part that was not written for this long is folded into that of the next page that saves, at most so many at once; one whose
 * texts are to be erased, at once.
 */
const foldAfterMs = 24 * 60 * 60 * 1_000
const foldedAtOnce = 16

/** Writes this page's parts: one key per conversation, which nobody else writes. */
export function createPartWriter({ keys, parts, index, now, createAuthor }: PartWriterOptions) {
  /** This page's keys and what it wrote there, by user and conversation. */
  const written = new Map<string, { key: string; text: string }>()

  /** Applies the change to this page's part. The epoch was compared before. */
  function save(storage: WebStorage, change: SessionChange): RefusalReason | undefined {
    const { userId, conversationId, epoch } = change
    if (storage.getItem(keys.tombstone(userId, conversationId)) !== null) return 'removed'
    const id = JSON.stringify([userId, conversationId])
    const own = written.get(id)
    const current = own && parts.read(storage, own.key)
    if (own && current && current !== 'newer-version' && current.row.epoch === epoch) {
      return write(storage, id, own.key, change, current)
    }
    // The first time, or another page has folded our part into its own: a key of ours is never written again after that.
    const known =
      index.peek(storage, userId, conversationId) ??
      (change.begins === undefined ? index.find(storage, userId, conversationId) : undefined)
    const stored = known && parts.readConversation(storage, known, epoch, (key) => index.removed(storage, key))
    if (stored === 'newer-version') return 'newer-version'
    if (!stored && change.begins === undefined) return 'unknown'
    const workspace = stored?.row.workspace ?? change.workspace
    const key = keys.part({ userId, workspace, conversationId, author: createAuthor() })
    return write(storage, id, key, { ...change, workspace, begins: change.begins ?? stored?.row.startedAt }, undefined)
  }

  function write(
    storage: WebStorage,
    id: string,
    key: string,
    change: Omit<SessionChange, 'begins'> & { readonly begins?: number | undefined },
    current: Part | undefined,
  ): RefusalReason | undefined {
    const { begins, ...rest } = change
    const row = applyChange(current?.row, begins === undefined ? rest : { ...rest, begins }, scopesKept)
    if ('refused' in row) return row.refused
    const { part, foldedKeys } = fold(storage, key, { row, writtenAt: now(), folded: current?.folded ?? [] })
    written.set(id, { key, text: parts.write(storage, key, part) })
    index.wrote(storage, key)
    // The row first, then the keys: a page that ends in between leaves parts that are known to be folded.
    for (const old of foldedKeys) {
      storage.removeItem(old)
      index.removed(storage, old)
    }
    return undefined
  }

  function fold(storage: WebStorage, key: string, part: Part): { part: Part; foldedKeys: readonly string[] } {
    const { userId, conversationId } = part.row
    const others = [...(index.peek(storage, userId, conversationId)?.ranks.keys() ?? [])].filter(
      (other) => other !== key,
    )
    const folded = part.folded.filter((author) => others.some((other) => keys.parsePart(other)?.author === author))
    let { row } = part
    const foldedKeys: string[] = []
    for (const other of others.sort()) {
      const author = keys.parsePart(other)?.author ?? ''
      if (folded.includes(author)) {
        foldedKeys.push(other) // a page ended before it could remove it
        continue
      }
      const old = parts.read(storage, other)
      if (!old || old === 'newer-version' || old.row.epoch !== row.epoch) continue
      const isOld = part.writtenAt - old.writtenAt >= foldAfterMs && foldedKeys.length < foldedAtOnce
      if (!isOld && !erases(row, old.row)) continue
      const joined = joinRows(old.row, row)
      row = { ...joined, scopes: joined.scopes.slice(-scopesKept) }
      folded.push(author)
      foldedKeys.push(other)
    }
    return { part: { ...part, row, folded }, foldedKeys }
  }

  return {
    save,

    /**
     * A key is gone. If it was ours, folded by a page that had not seen our latest write yet, that is written again: to a row
     * that is still there only, because what was cleared stays cleared.
     */
    onRemovedElsewhere(storage: WebStorage, key: string, epoch: string): void {
      const [id, own] = [...written].find(([, { key: ownKey }]) => ownKey === key) ?? []
      const ids = keys.parsePart(key)
      if (!id || !own || !ids) return
      written.delete(id)
      if (storage.getItem(keys.tombstone(ids.userId, ids.conversationId)) !== null) return
      const known = index.peek(storage, ids.userId, ids.conversationId)
      const stored = known && parts.readConversation(storage, known, epoch, (gone) => index.removed(storage, gone))
      if (!stored || stored === 'newer-version') return
      const again = keys.part({ ...ids, workspace: stored.row.workspace, author: createAuthor() })
      storage.setItem(again, own.text)
      const ours = parts.read(storage, again)
      const isCounted = ours && ours !== 'newer-version' && sameCounts(joinRows(stored.row, ours.row), stored.row)
      if (isCounted || !ours) storage.removeItem(again)
      else {
        written.set(id, { key: again, text: own.text })
        index.wrote(storage, again)
      }
    },

    /** What is remembered here names conversations. */
    forget: () => written.clear(),
  }
}

/** Whether the row takes a text out of the other one: that text is to be in no part from now on. */
function erases(row: Part['row'], other: Part['row']): boolean {
  const titles = joinTitles(other.titles, row.titles)
  return (
    isErased(other.preview, latest(other.preview, row.preview)) ||
    (['message', 'app', 'person'] as const).some((slot) => isErased(other.titles?.[slot], titles?.[slot]))
  )
}

function isErased(before: RankedText | undefined, after: RankedText | undefined): boolean {
  return before !== undefined && before.text !== '' && after?.text === ''
}

function sameCounts(a: Part['row'], b: Part['row']): boolean {
  return (
    a.messages === b.messages &&
    JSON.stringify(a.usage) === JSON.stringify(b.usage) &&
    a.activity.rank === b.activity.rank &&
    JSON.stringify([a.preview, a.titles]) === JSON.stringify([b.preview, b.titles])
  )
}
