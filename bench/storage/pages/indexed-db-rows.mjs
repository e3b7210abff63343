/** @returns {Promise<IDBDatabase>} The database that leftoff wrote. */
export function openDatabase() {
  return new Promise((resolve) => {
    const opening = indexedDB.open('claude-session-storage')
    opening.onsuccess = () => resolve(opening.result)
  })
}

/**
 * @param {IDBDatabase} database
 * @param {number} count
 * @returns {Promise<number>} How many rows it read.
 */
export function readRows(database, count) {
  return new Promise((resolve) => {
    const reading = database.transaction('sessions').objectStore('sessions').getAll(null, count)
    reading.onsuccess = () => resolve(reading.result.length)
  })
}
