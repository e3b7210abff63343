import { type Collection, Dexie, type DexieOptions, type Table } from 'dexie'
import type { StoredRow } from '../../core/apply-change.js'
import { isObject, maxTime, readEpoch as readStoredEpoch } from '../../core/checks.js'
import { shortHash } from '../../core/keys-and-ids.js'
import type { ListPlace } from '../../core/stored-row.js'

/** The primary key of a row. */
export type RowKey = [userId: string, conversationId: string]

/** The tables, as one transaction sees them. */
export interface Tables {
  /** Each a {@link StoredRow} with `newestFirst`, unless something damaged it. */
  readonly sessions: Table<unknown, RowKey>
  readonly tombstones: Table<Tombstone, RowKey>
  /** Of each user who signed out on this device, under a hash of the user's id, which must not outlive the sign-out. */
  readonly epochs: Table<unknown, string>
  /** Rows that could not be read, as they were. */
  readonly quarantine: Table<QuarantinedRow>
}

/** One open database. */
export interface Database {
  readonly dexie: Dexie
}

/** What is left of a removed row: nothing of its content. */
interface Tombstone {
  readonly userId: string
  readonly conversationId: string
  readonly removedAt: number
}

interface QuarantinedRow {
  readonly key: RowKey
  readonly value: unknown
}

/** The database and its schema; not open yet. */
export function database(name: string, options: DexieOptions): Database {
  // `autoOpen` would open a closed database again behind our back; the cache serves live queries, of which there are none.
  const dexie = new Dexie(name, { ...options, autoOpen: false, cache: 'disabled' })
  // The fields named here keep their place as long as the version stays. Another version is another database to older code.
  dexie.version(2).stores({
    sessions: ['[userId+conversationId]', ofUser, ofWorkspace].join(),
    tombstones: '[userId+conversationId], removedAt',
    epochs: 'user',
    quarantine: '++, key',
  })
  return { dexie }
}

/** Runs `run` in one transaction that may write: all of it or nothing, and what it returns was committed. */
export function write<T>({ dexie }: Database, run: (tables: Tables) => Promise<T>): PromiseLike<T> {
  return dexie.transaction('rw', tableNames, (transaction) =>
    run(tablesOf(transaction)).catch((error) => {
      // A pending request only learns that its transaction was aborted; the transaction knows why, such as a full disk.
      throw transaction.idbtrans.error ?? error
    }),
  )
}

/** Runs `run` in one transaction that reads. Its answer does not wait for the transaction to end. */
export function read<T>({ dexie }: Database, run: (tables: Tables) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    dexie.transaction('r', tableNames, (transaction) => run(tablesOf(transaction)).then(resolve)).catch(reject)
  })
}

/** The row with the field that its indexes need. Ties go by ascending id, which no index gives when read backwards. */
export function withIndexField(row: StoredRow): StoredRow & { readonly newestFirst: number } {
  return { ...row, newestFirst: 0 - row.activity.rank }
}

/** Where in its lists a value of the table stands, or `undefined` if it is so damaged that no list has it. */
export function placeIn(value: unknown): ListPlace | undefined {
  if (!isObject(value)) return undefined
  const { newestFirst, conversationId } = value
  return typeof newestFirst === 'number' && typeof conversationId === 'string'
    ? { rank: 0 - newestFirst, conversationId }
    : undefined
}

/** The user's rows behind `after`, of one workspace or of all, in the order of lists: reading some of them reads no others. */
export function rowsInOrder(
  { sessions }: Pick<Tables, 'sessions'>,
  userId: string,
  workspace: string | undefined,
  after?: ListPlace,
): Collection<unknown, RowKey> {
  const [index, prefix] = workspace === undefined ? [ofUser, [userId]] : [ofWorkspace, [userId, workspace]]
  const lower = after ? [...prefix, 0 - after.rank, after.conversationId] : [...prefix, 0 - maxTime]
  // An array sorts after every text, so this is behind all rows of rank 0.
  return sessions.where(index).between(lower, [...prefix, 0, []], !after)
}

/** The key of the user's epoch. */
export function epochKey(userId: string): string {
  return shortHash(userId)
}

/** The epoch that a value of the table holds, `''` if it is none. */
export function epochIn(value: unknown): string {
  return isObject(value) ? readStoredEpoch(value.epoch) : ''
}

/** The user's epoch, in the transaction of these tables. */
export async function readEpoch({ epochs }: Tables, userId: string): Promise<string> {
  return epochIn(await epochs.get(epochKey(userId)))
}

/** A value of the table. */
export function epochRow(userId: string, epoch: string): object {
  return { user: epochKey(userId), epoch }
}

/** The bounds of all compound keys that start with this part: a longer key sorts after a shorter one, an array after all else. */
export function startingWith(part: string): [lower: unknown[], upper: unknown[]] {
  return [[part], [part, []]]
}

const ofUser = '[userId+newestFirst+conversationId]'
const ofWorkspace = '[userId+workspace+newestFirst+conversationId]'
const tableNames = ['sessions', 'tombstones', 'epochs', 'quarantine']

/**
 * The tables bound to the transaction. Dexie finds the current transaction only while nobody else patches
 * `Promise.prototype.then`, which monitoring scripts do: an unbound table would then open a transaction of its own.
 */
function tablesOf(transaction: { table<T, Key>(name: string): Table<T, Key> }): Tables {
  return {
    sessions: transaction.table('sessions'),
    tombstones: transaction.table('tombstones'),
    epochs: transaction.table('epochs'),
    quarantine: transaction.table('quarantine'),
  }
}
