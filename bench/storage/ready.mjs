import { median } from './median.mjs'
import { perWorkspace, workspaceOf } from './pages/sessions.mjs'
import { seed } from './seed.mjs'

/** @typedef {import('./libraries.mjs').LibraryUnderTest} LibraryUnderTest */

/**
 * @typedef {object} ReadyResult
 * @property {LibraryUnderTest} library
 * @property {number} stored How many sessions there were.
 * @property {number} readyMs Median.
 * @property {number} scriptMs Of this, until the library's own code had run.
 * @property {number} freeMs Until the page could do anything else.
 * @property {readonly number[]} tabs `readyMs` of each tab.
 */

export const counts = [10, 1_000, 10_000]

/** The browser's own time, on what leftoff has stored there. */
export const floors = [
  { id: 'bare-local-storage', label: 'bare localStorage, no library', isOurs: false, of: 'leftoff-local-storage' },
  { id: 'bare-indexed-db', label: 'bare IndexedDB, no library', isOurs: false, of: 'leftoff-dexie' },
]

/**
 * A fresh tab opens a workspace: how long until its newest ten conversations can be shown, by how many there are in all?
 *
 * @param {import('./run.mjs').Setup} setup
 * @returns {Promise<readonly ReadyResult[]>}
 */
export async function measureReady({ libraries, browser, server, freshTabs, progress }) {
  const pages = [...libraries, ...floors.filter(({ of }) => libraries.some(({ id }) => id === of))]
  /** @type {Map<string, import('./pages/measure.mjs').Ready[]>} */
  const measured = new Map()
  for (const stored of counts) {
    for (const { id, label } of libraries) {
      await seed(browser, server.url(originOf(id, stored), id), stored)
      progress(`ready: ${label} has ${stored} stored`)
    }
  }
  // Read from the disk, not from what the browser still has in memory.
  await browser.close()

  // All in turn, so that a slow minute of the machine hits each of them; and back again, for the second to read the same
  // storage finds it loaded.
  for (let tab = 0; tab < freshTabs; tab++) {
    for (const stored of counts) {
      for (const { id } of tab % 2 === 0 ? pages : pages.toReversed()) {
        const name = `${id} ${stored}`
        const found = measured.get(name) ?? []
        measured.set(name, [...found, await openFresh(id, stored, tab)])
      }
    }
    progress(`ready: tab ${tab + 1} of ${freshTabs}`)
  }
  return counts.flatMap((stored) =>
    pages.map((library) => {
      const all = measured.get(`${library.id} ${stored}`) ?? []
      return {
        library,
        stored,
        readyMs: median(all.map(({ readyMs }) => readyMs)),
        scriptMs: median(all.map(({ scriptMs }) => scriptMs)),
        freeMs: median(all.map(({ freeMs }) => freeMs)),
        tabs: all.map(({ readyMs }) => readyMs),
      }
    }),
  )

  /**
   * @param {string} id
   * @param {number} stored
   * @param {number} tab
   */
  async function openFresh(id, stored, tab) {
    // Each tab another workspace, so that none is in a cache.
    const workspace = workspaceOf((tab * perWorkspace) % stored)
    const page = await browser.open(server.url(originOf(id, stored), id, { workspace }))
    const ready = await page.evaluate(() => globalThis.bench.ready)
    await page.close()
    if (!ready || ready.shown < perWorkspace) {
      throw new Error(`${id} with ${stored} stored showed ${ready?.shown ?? 0} of ${perWorkspace}.`)
    }
    return ready
  }
}

/**
 * @param {string} id
 * @param {number} stored
 */
function originOf(id, stored) {
  return `ready-${stored}-${floors.find((floor) => floor.id === id)?.of ?? id}`
}
