import { IDBFactory, IDBKeyRange, IDBOpenDBRequest } from 'fake-indexeddb'
import type { IndexedDb } from './world-options.js'

/** An empty IndexedDB. */
export function inMemory(): IndexedDb {
  return { indexedDB: new IDBFactory(), IDBKeyRange }
}

/** An IndexedDB whose first opening never answers. */
export function hangingOnce(): { readonly indexedDb: IndexedDb; readonly openings: () => number } {
  const { indexedDB, IDBKeyRange } = inMemory()
  let openings = 0
  const hanging: IDBFactory = {
    open: (name, version) => (openings++ === 0 ? new IDBOpenDBRequest() : indexedDB.open(name, version)),
    deleteDatabase: (name) => indexedDB.deleteDatabase(name),
    databases: () => indexedDB.databases(),
    cmp: (first, second) => indexedDB.cmp(first, second),
  }
  return { indexedDb: { indexedDB: hanging, IDBKeyRange }, openings: () => openings }
}
