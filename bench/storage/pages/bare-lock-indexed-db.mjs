// What the browser itself needs to say that a tab has a conversation that IndexedDB has: one Web Lock, and then its row. The
// database is opened meanwhile.

const start = performance.now()
/** @type {Promise<IDBDatabase>} */
const opened = new Promise((resolve) => {
  const opening = indexedDB.open('claude-session-storage')
  opening.onsuccess = () => resolve(opening.result)
})
/** @type {Promise<import('./measure.mjs').Ready>} */
const ready = new Promise((resolve) => {
  navigator.locks.request('bench', { ifAvailable: true }, async (lock) => {
    const reading = (await opened).transaction('sessions').objectStore('sessions').getAll(null, 1)
    reading.onsuccess = () => {
      const pageMs = performance.now()
      const readyMs = pageMs - start
      const scriptMs = start - globalThis.pageStart
      const shown = lock ? reading.result.length : 0
      resolve({ readyMs, resumedMs: readyMs, scriptMs, freeMs: readyMs, pageMs, shown })
    }
    return new Promise(() => {}) // held as long as the page is there
  })
})
Object.assign(globalThis, { bench: { ready } })
