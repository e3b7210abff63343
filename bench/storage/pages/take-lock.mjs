/** @returns {Promise<void>} Resolves once the page has the lock, which it keeps. */
export function takeLock() {
  return new Promise((resolve) => {
    navigator.locks.request('bench', () => {
      resolve()
      return new Promise(() => {}) // held as long as the page is there
    })
  })
}
