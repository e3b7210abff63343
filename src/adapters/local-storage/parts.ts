import type { AdapterReport } from '../../core/adapter.js'
import type { StoredRow } from '../../core/change.js'
import { isNewerRow, isObject, readRow } from '../../core/checks.js'
import { LeftoffError } from '../../core/error.js'
import { joinRows } from '../../core/join-rows.js'
import { parseJson } from '../../core/parse-json.js'
import type { WebStorage } from '../../core/web-storage.js'
import type { IndexedConversation } from './key-index.js'
import type { AdapterKeys } from './keys.js'

/** A part as it is stored: the row as its author knows it, beside what folding needs. */
export interface Part {
  readonly row: StoredRow
  /** Ms since the epoch, by its author's clock. */
  readonly writtenAt: number
  /** The authors of parts that this one took in, until their keys are seen to be gone. */
  readonly folded: readonly string[]
}

/** What the parts of a conversation say together. */
interface JoinedParts {
  readonly row: StoredRow
  readonly parts: ReadonlyMap<string, Part>
}

/** What is stored of a conversation. */
export type ReadConversation = JoinedParts | 'newer-version' | undefined

/** Reads and writes the parts of conversations. A part that does not parse is quarantined with its bytes. */
export function createParts(keys: AdapterKeys, report: (report: AdapterReport) => void) {
  const reported = new Set<string>()

  function read(storage: WebStorage, key: string): Part | 'newer-version' | undefined {
    const text = storage.getItem(key)
    const ids = keys.parsePart(key)
    if (text === null || !ids) return undefined
    const value = parseJson(text)
    if (isObject(value)) {
      const { author: _, ...identity } = ids
      const { writtenAt, folded, ...row } = value
      const found = readRow({ ...row, ...identity })
      if (found.ok) {
        return {
          row: found.value,
          writtenAt: typeof writtenAt === 'number' ? writtenAt : 0,
          folded: Array.isArray(folded) ? folded.filter((author) => typeof author === 'string') : [],
        }
      }
    }
    if (isNewerRow(value)) {
      tell(
        key,
        ids.conversationId,
        'newer-version',
        'A stored session was written by a later version of leftoff and was left alone. Update leftoff to read it.',
      )
      return 'newer-version'
    }
    quarantine(storage, key, text)
    tell(
      key,
      ids.conversationId,
      'row-quarantined',
      'A stored session could not be read. Its bytes were moved to a key of their own.',
    )
    return undefined
  }

  /** A storage that is full keeps the bytes where they are. */
  function quarantine(storage: WebStorage, key: string, text: string): void {
    try {
      storage.setItem(keys.quarantine(key), text)
      storage.removeItem(key)
    } catch {
      // The rows that can be read are worth more than the move.
    }
  }

  function tell(key: string, conversationId: string, type: AdapterReport['type'], message: string): void {
    if (reported.has(key)) return
    reported.add(key)
    report({
      type,
      conversationId,
      error: new LeftoffError(type === 'newer-version' ? type : 'invalid-session', message),
    })
  }

  return {
    read,

    /** All parts together. Those of another epoch belong to a sign-in that ended: they are removed, unless no epoch is known. */
    readConversation(
      storage: WebStorage,
      { ranks }: IndexedConversation,
      epoch: string,
      onRemoved: (key: string) => void,
    ): ReadConversation {
      const parts = new Map<string, Part>()
      let isNewer = false
      for (const key of [...ranks.keys()].sort()) {
        const part = read(storage, key)
        if (part === 'newer-version') isNewer = true
        else if (part?.row.epoch === epoch) {
          parts.set(key, part)
          ranks.set(key, part.row.activity.rank)
        } else if (!part || epoch !== '') {
          if (part) storage.removeItem(key)
          onRemoved(key)
        }
      }
      if (isNewer) return 'newer-version'
      const folded = new Set([...parts.values()].flatMap((part) => part.folded))
      // Of two that took in each other neither must be left out.
      const counted = [...parts].filter(([key]) => !folded.has(keys.parsePart(key)?.author ?? ''))
      const rows = (counted.length > 0 ? counted : [...parts]).map(([, { row }]) => row)
      const [first, ...others] = rows
      return first && { row: others.reduce(joinRows, first), parts }
    },

    write(storage: WebStorage, key: string, { row, writtenAt, folded }: Part): string {
      const { userId: _user, workspace: _workspace, conversationId: _id, ...rest } = row
      const text = JSON.stringify({ ...rest, writtenAt, ...(folded.length > 0 && { folded }) })
      storage.setItem(key, text)
      return text
    },

    /** What is remembered here names conversations. */
    forget: () => reported.clear(),
  }
}

export type Parts = ReturnType<typeof createParts>
