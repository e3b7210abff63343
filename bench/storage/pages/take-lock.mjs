/** @returns {Promise<boolean>} Whether the page has the lock, from then on. */
export function takeLock() {
  return new Promise((resolve) => {
    navigator.locks.request('bench', { ifAvailable: true }, (lock) => {
      resolve(lock !== null)
      return new Promise(() => {}) // held as long as the page is there
    })
  })
}
