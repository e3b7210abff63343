import { paint } from './paint.mjs'

/**
 * Lets the bench see how long a page takes without leftoff.
 *
 * @param {() => number | Promise<number>} read How many rows or keys there were to show; for a lock, whether it was had.
 */
export function measureBare(read) {
  const start = performance.now()
  Object.assign(globalThis, { bench: { ready: ready() } })

  /** @returns {Promise<import('./measure.mjs').Ready>} */
  async function ready() {
    const shown = await read()
    const pageMs = performance.now()
    const readyMs = pageMs - start
    const scriptMs = start - globalThis.pageStart
    const paintedMs = (await paint(`${shown} found`)) - start
    return { readyMs, resumedMs: readyMs, scriptMs, freeMs: readyMs, pageMs, paintedMs, shown }
  }
}
