import type { RefusalReason } from '../../core/adapter.js'
import { applyChange, joinTitles, latest, type RankedText, type SessionChange } from '../../core/change.js'
import { joinRows } from '../../core/join-rows.js'
import type { WebStorage } from '../../core/web-storage.js'
import type { KeyIndex } from './key-index.js'
import type { AdapterKeys } from './keys.js'
import type { Part, Parts } from './parts.js'
import { uncounted, withoutShared } from './shared-scopes.js'

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
    const { begins, counts, ...rest } = change
    const others = readOthers(storage, key, change)
    const left = uncounted(counts, current?.row, [...others.values()])
    const applied = applyChange(
      current?.row,
      { ...rest, ...(left && { counts: left }), ...(begins !== undefined && { begins }) },
      scopesKept,
    )
    if ('refused' in applied) return applied.refused
    const row = withoutShared(applied, authorOf(key), [...others.values()])
    const { part, foldedKeys } = fold({ row, writtenAt: now(), folded: current?.folded ?? [] }, others)
    written.set(id, { key, text: parts.write(storage, key, part) })
    index.wrote(storage, key)
    // The row first, then the keys: a page that ends in between leaves parts that are known to be folded.
    for (const old of foldedKeys) {
      storage.removeItem(old)
      index.removed(storage, old)
    }
    return undefined
  }

  /** The parts of other pages, by key. */
  function readOthers(
    storage: WebStorage,
    own: string,
    { userId, conversationId, epoch }: Pick<SessionChange, 'userId' | 'conversationId' | 'epoch'>,
  ): ReadonlyMap<string, Part & { readonly author: string }> {
    const found = new Map<string, Part & { readonly author: string }>()
    for (const key of [...(index.peek(storage, userId, conversationId)?.ranks.keys() ?? [])].sort()) {
      const part = key === own ? undefined : parts.read(storage, key)
      if (part && part !== 'newer-version' && part.row.epoch === epoch)
        found.set(key, { ...part, author: authorOf(key) })
    }
    return found
  }

  function authorOf(key: string): string {
    return keys.parsePart(key)?.author ?? ''
  }

  function fold(
    part: Part,
    others: ReadonlyMap<string, Part & { readonly author: string }>,
  ): { part: Part; foldedKeys: readonly string[] } {
    const folded = part.folded.filter((author) => [...others.values()].some((other) => other.author === author))
    let { row } = part
    const foldedKeys: string[] = []
    for (const [other, { author, ...old }] of others) {
      if (folded.includes(author)) {
        foldedKeys.push(other) // a page ended before it could remove it
        continue
      }
      const isOld = part.writtenAt - old.writtenAt >= foldAfterMs && foldedKeys.length < foldedAtOnce
      if (!isOld && !erases(row, old.row)) continue
      row = joinRows(old.row, row) // with all scopes, until the next save: its author looks whether they are there
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
