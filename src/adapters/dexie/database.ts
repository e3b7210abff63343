import { type Collection, Dexie, type DexieOptions, type Table } from 'dexie'
import type { ListQuery } from '../../core/adapter.js'
import type { StoredRow } from '../../core/stored-row.js'

/** The primary key of a row. */
export type RowKey = [userId: string, conversationId: string]

/** The tables of one open database. */
export interface Database {
  readonly dexie: Dexie
  /** Each a {@link StoredRow}, unless something damaged it. */
  readonly rows: Table<unknown, RowKey>
  readonly tombstones: Table<Tombstone, RowKey>
  /** How often users signed out. */
  readonly counters: Table<unknown, string>
  /** Rows that could not be read, as they were. */
  readonly setAside: Table<{ readonly key: RowKey; readonly value: unknown }>
}

/** What is left of a removed row: nothing of its content. */
interface Tombstone {
  readonly userId: string
  readonly conversationId: string
  readonly removedAt: number
}

/** The database and its schema; not open yet. */
export function database(name: string, options: DexieOptions): Database {
  // `autoOpen` would open a closed database again behind our back; the cache serves live queries, of which there are none.
  const dexie = new Dexie(name, { ...options, autoOpen: false, cache: 'disabled' })
  // The fields named here keep their place as long as the version stays. Another version is another database to older code.
  dexie.version(1).stores({
    rows: [primaryKey, ...Object.values(indexes).flatMap(({ ofUser, ofWorkspace }) => [ofUser, ofWorkspace])].join(),
    tombstones: '[userId+conversationId], removedAt',
    setAside: '++, key',
    counters: 'key',
  })
  return {
    dexie,
    rows: dexie.table('rows'),
    tombstones: dexie.table('tombstones'),
    setAside: dexie.table('setAside'),
    counters: dexie.table('counters'),
  }
}

/** Runs `run` in one transaction that may write: all of it or nothing, and what it gave was committed. */
export function write<T>(database: Database, run: () => Promise<T>): PromiseLike<T> {
  const { dexie, rows, tombstones, setAside, counters } = database
  return dexie.transaction('rw', rows, tombstones, setAside, counters, async ({ idbtrans }) => {
    try {
      return await run()
    } catch (error) {
      // A pending request is told only that its transaction was aborted; the transaction knows why, such as a full disk.
      throw idbtrans.error ?? error
    }
  })
}

/** The row as it is stored. */
export function withIndexFields(row: StoredRow): StoredRow & { readonly newestFirst: number } {
  return { ...row, newestFirst: -row.session.lastActivity }
}

/** The user's rows, of one workspace or of all, by index in the order asked for: reading `limit` of them reads no others. */
export function rowsInOrder(
  { rows }: Database,
  userId: string,
  { workspace, order = 'newest' }: Omit<ListQuery, 'limit'>,
): Collection<unknown, RowKey> {
  const { ofUser, ofWorkspace } = indexes[order]
  return workspace === undefined
    ? rows.where(ofUser).between(...startingWith(userId))
    : rows.where(ofWorkspace).between(...startingWith(userId, workspace))
}

/** The bounds of all compound keys that start with these parts: a longer key sorts after a shorter one, an array after all else. */
export function startingWith(...parts: readonly string[]): [lower: unknown[], upper: unknown[]] {
  return [[...parts], [...parts, []]]
}

const primaryKey = '[session.userId+session.conversationId]'

// Ties go by ascending id in both orders, which no index gives when read backwards. So the newest have a field of their own
// that sorts them first, and every list is read forwards.
const indexes = {
  newest: {
    ofUser: '[session.userId+newestFirst+session.conversationId]',
    ofWorkspace: '[session.userId+session.workspace+newestFirst+session.conversationId]',
  },
  oldest: {
    ofUser: '[session.userId+session.lastActivity+session.conversationId]',
    ofWorkspace: '[session.userId+session.workspace+session.lastActivity+session.conversationId]',
  },
} as const
