import { type ReadRow, readStoredRow } from '../../core/read-stored-row.js'
import type { RowKey, Tables } from './database.js'
import { readEpoch } from './epochs.js'

/** A row that is in the way: damaged, of a newer version, or of an epoch that ended. */
export interface OddRow {
  readonly key: RowKey
  readonly read: ReadRow
}

/** Quarantines damaged rows, as they are, and deletes those of an epoch that ended. */
export async function tidy(tables: Tables, odd: readonly OddRow[]): Promise<void> {
  for (const { key } of odd) {
    const value = await tables.sessions.get(key)
    // Another tab may have moved it already and saved the conversation anew.
    if (value === undefined) continue
    const found = readStoredRow(value)
    if (found.kind === 'newer-version') continue
    if (found.kind === 'row') {
      const epoch = await readEpoch(tables, key[0])
      // No epoch is stored: who knows it writes it again with the next change.
      if (epoch === '' || found.row.epoch === epoch) continue
    } else await tables.quarantine.add({ key, value })
    await tables.sessions.delete(key)
  }
}
