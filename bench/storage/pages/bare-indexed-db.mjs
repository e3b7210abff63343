// What the browser itself needs, without any library: opening the database, and reading ten rows of it.

const start = performance.now()
/** @type {Promise<import('./measure.mjs').Ready>} */
const ready = new Promise((resolve) => {
  const opening = indexedDB.open('claude-session-storage')
  opening.onsuccess = () => {
    const reading = opening.result.transaction('sessions').objectStore('sessions').getAll(null, 10)
    reading.onsuccess = () => {
      const pageMs = performance.now()
      const readyMs = pageMs - start
      resolve({
        readyMs,
        resumedMs: readyMs,
        scriptMs: start - globalThis.pageStart,
        freeMs: readyMs,
        pageMs,
        shown: reading.result.length,
      })
    }
  }
})
Object.assign(globalThis, { bench: { ready } })
