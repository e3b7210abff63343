// What the browser itself needs, without any library: opening the database, and reading ten rows of it.

/** @type {Promise<import('./measure.mjs').Ready>} */
const ready = new Promise((resolve) => {
  const opening = indexedDB.open('claude-session-storage')
  opening.onsuccess = () => {
    const reading = opening.result.transaction('rows').objectStore('rows').getAll(null, 10)
    reading.onsuccess = () => {
      const readyMs = performance.now() - globalThis.pageStart
      resolve({ readyMs, scriptMs: 0, freeMs: readyMs, shown: reading.result.length })
    }
  }
})
Object.assign(globalThis, { bench: { ready } })
