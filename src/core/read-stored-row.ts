import type { StoredRow } from './change.js'
import { isNewerRow, readRow } from './checks.js'
import { LeftoffError } from './error.js'

/** What a stored value turned out to be. */
export type ReadRow = { readonly kind: 'row'; readonly row: StoredRow } | UnreadableRow

/** A row that is damaged, or that a later leftoff wrote. */
export interface UnreadableRow {
  readonly kind: 'damaged' | 'newer-version'
  readonly error: LeftoffError
}

/** Reads a row as an adapter stored it. */
export function readStoredRow(value: unknown): ReadRow {
  if (isNewerRow(value)) {
    const message =
      'A newer version of leftoff wrote this session. It was left alone; reload the page to get the newer code.'
    return { kind: 'newer-version', error: new LeftoffError('newer-version', message) }
  }
  const read = readRow(value)
  if (read.ok) return { kind: 'row', row: read.value }
  const message = `A stored session is damaged in its field ${read.field}.`
  return { kind: 'damaged', error: new LeftoffError('invalid-session', message) }
}
