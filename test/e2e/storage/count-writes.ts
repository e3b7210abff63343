/** What was written, by whichever way a page can store. */
export interface Writes {
  count: number
  /** Of keys and values, IndexedDB's as JSON. */
  characters: number
}

/** Counts every write to localStorage, sessionStorage and IndexedDB from now on. */
export function countWrites(): Writes {
  const writes: Writes = { count: 0, characters: 0 }
  function add(...written: readonly unknown[]): void {
    writes.count++
    for (const value of written)
      writes.characters += typeof value === 'string' ? value.length : JSON.stringify(value).length
  }
  const { setItem } = Storage.prototype
  Storage.prototype.setItem = function (key, value) {
    add(key, value)
    setItem.call(this, key, value)
  }
  for (const name of ['put', 'add'] as const) {
    const original = IDBObjectStore.prototype[name]
    IDBObjectStore.prototype[name] = function (value: unknown, key?: IDBValidKey) {
      add(value)
      // With a key of `undefined` IndexedDB refuses what it takes without one.
      return key === undefined ? original.call(this, value) : original.call(this, value, key)
    }
  }
  return writes
}
