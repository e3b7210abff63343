// What the browser itself needs to say that a tab has a conversation: one Web Lock.

const start = performance.now()
/** @type {Promise<import('./measure.mjs').Ready>} */
const ready = new Promise((resolve) => {
  navigator.locks.request('bench', { ifAvailable: true }, (lock) => {
    const pageMs = performance.now()
    const readyMs = pageMs - start
    const scriptMs = start - globalThis.pageStart
    resolve({ readyMs, resumedMs: readyMs, scriptMs, freeMs: readyMs, pageMs, shown: lock ? 1 : 0 })
    return new Promise(() => {}) // held as long as the page is there
  })
})
Object.assign(globalThis, { bench: { ready } })
