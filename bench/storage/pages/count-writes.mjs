/**
 * @typedef {object} Writes
 * @property {number} writes Calls of `setItem`, of localStorage and sessionStorage, and of IndexedDB's `put` and `add`.
 * @property {number} characters Of their keys and values.
 */

/**
 * Counts what is written to any storage of this page from now on, whoever writes it.
 *
 * @returns {() => Writes} What was written so far.
 */
export function countWrites() {
  let writes = 0
  let characters = 0
  const { setItem } = Storage.prototype
  const { add, put } = IDBObjectStore.prototype

  /** @type {Storage['setItem']} */
  Storage.prototype.setItem = function (key, value) {
    writes++
    characters += key.length + value.length
    setItem.call(this, key, value)
  }
  /** @type {IDBObjectStore['add']} */
  IDBObjectStore.prototype.add = function (value, key) {
    count(value, key)
    return key === undefined ? add.call(this, value) : add.call(this, value, key)
  }
  /** @type {IDBObjectStore['put']} */
  IDBObjectStore.prototype.put = function (value, key) {
    count(value, key)
    return key === undefined ? put.call(this, value) : put.call(this, value, key)
  }
  return () => ({ writes, characters })

  /**
   * @param {unknown} value
   * @param {IDBValidKey | undefined} key
   */
  function count(value, key) {
    writes++
    characters += lengthOf(value) + (key === undefined ? 0 : lengthOf(key))
  }
}

/** @param {unknown} value */
function lengthOf(value) {
  return typeof value === 'string' ? value.length : (JSON.stringify(value)?.length ?? 0)
}
