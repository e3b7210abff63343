import { median } from '../median.mjs'
import { perWorkspace, workspaceOf } from './pages/sessions.mjs'
import { seed } from './seed.mjs'

/** @typedef {import('./libraries.mjs').LibraryUnderTest} LibraryUnderTest */

/**
 * What the tabs of one kind took, medians.
 *
 * @typedef {object} Opening
 * @property {number} readyMs From creating the store until the newest ten could be shown.
 * @property {number} resumedMs From creating the store until it was known which conversation the tab continues with.
 * @property {number} scriptMs What the library's own code took to run before.
 * @property {number} freeMs From creating the store until the page could do anything else.
 * @property {number} pageMs From the start of the navigation until the newest ten could be shown.
 * @property {number} paintedMs From creating the store until the browser painted them.
 * @property {readonly number[]} tabs `readyMs` of each tab.
 */

/**
 * @typedef {object} ReadyResult
 * @property {LibraryUnderTest} library
 * @property {number} stored How many sessions there were.
 * @property {Opening} cold The first tab of its origin after the browser was started.
 * @property {Opening} warm The tabs after it.
 * @property {Opening} again The same tabs once more, after a reload.
 */

export const counts = [10, 1_000, 10_000]
const warmTabs = 2

/** What it takes without leftoff, on what leftoff has stored there, until the rows can be shown. */
export const floors = [
  { id: 'bare-local-storage', label: 'bare localStorage, no library', isOurs: false, of: 'leftoff-local-storage' },
  { id: 'bare-indexed-db', label: 'bare IndexedDB, no library', isOurs: false, of: 'leftoff-dexie' },
  { id: 'bare-dexie', label: 'bare Dexie', isOurs: false, of: 'leftoff-dexie' },
]

/** The same, until it is known that no other tab has the conversation. */
export const claimFloors = [
  { id: 'bare-lock', label: 'one Web Lock', isOurs: false, of: 'leftoff-local-storage' },
  { id: 'bare-lock-indexed-db', label: 'one Web Lock, and a row of IndexedDB', isOurs: false, of: 'leftoff-dexie' },
]

/**
 * A fresh tab opens a workspace: how long until its newest ten conversations can be shown, by how many there are in all?
 *
 * @param {import('./run.mjs').Setup} setup
 * @returns {Promise<readonly ReadyResult[]>}
 */
export async function measureReady({ libraries, browser, server, rounds, progress }) {
  const bare = [...floors, ...claimFloors].filter(({ of }) => libraries.some(({ id }) => id === of))
  const pages = [...libraries, ...bare]
  /** @type {Map<string, import('./pages/measure.mjs').Ready[]>} */
  const measured = new Map()
  for (const stored of counts) {
    for (const { id, label } of pages) {
      const writer = bare.find((floor) => floor.id === id)?.of ?? id
      await seed(browser, server.url(originOf(id, stored), writer), stored)
      progress(`ready: ${label} has ${stored} stored`)
    }
  }
  // All in turn, so that a slow minute of the machine hits each of them, and there and back, so that none is always first. The
  // tabs of one origin are apart for another reason as well: leftoff waits up to 250 ms for a tab that left just now to come back.
  for (let round = 0; round < rounds; round++) {
    // Storage is read from the disk then, not from what the browser still has in memory. A first page starts the browser's parts.
    await browser.close()
    await (await browser.open(server.url('start', 'none'))).close()
    for (let tab = 0; tab <= warmTabs; tab++) {
      for (const stored of counts) {
        for (const { id } of round % 2 === 0 ? pages : pages.toReversed()) {
          const { fresh, again } = await openFresh(id, stored, round + tab * rounds)
          keep(`${id} ${stored} ${tab === 0 ? 'cold' : 'warm'}`, fresh)
          if (tab > 0) keep(`${id} ${stored} again`, again)
        }
      }
    }
    progress(`ready: round ${round + 1} of ${rounds}`)
  }
  return counts.flatMap((stored) =>
    pages.map((library) => ({
      library,
      stored,
      cold: summary(measured.get(`${library.id} ${stored} cold`) ?? []),
      warm: summary(measured.get(`${library.id} ${stored} warm`) ?? []),
      again: summary(measured.get(`${library.id} ${stored} again`) ?? []),
    })),
  )

  /**
   * @param {string} name
   * @param {import('./pages/measure.mjs').Ready} ready
   */
  function keep(name, ready) {
    measured.set(name, [...(measured.get(name) ?? []), ready])
  }

  /**
   * @param {string} id
   * @param {number} stored
   * @param {number} tab
   */
  async function openFresh(id, stored, tab) {
    // Each tab another workspace, so that none is in a cache.
    const workspace = workspaceOf((tab * perWorkspace) % stored)
    const page = await browser.open(server.url(originOf(id, stored), id, { workspace }))
    const fresh = await readyOf(page)
    await page.reload()
    const again = await readyOf(page)
    await page.close()
    return { fresh, again }

    /** @param {import('playwright').Page} page */
    async function readyOf(page) {
      const ready = await page.evaluate(() => globalThis.bench.ready)
      const wanted = claimFloors.some((floor) => floor.id === id) ? 1 : perWorkspace
      if (!ready || ready.shown < wanted) {
        throw new Error(`${id} with ${stored} stored showed ${ready?.shown ?? 0} of ${wanted}.`)
      }
      return ready
    }
  }
}

/**
 * @param {readonly import('./pages/measure.mjs').Ready[]} tabs
 * @returns {Opening}
 */
function summary(tabs) {
  /** @param {'readyMs' | 'resumedMs' | 'scriptMs' | 'freeMs' | 'pageMs' | 'paintedMs'} what */
  const all = (what) => tabs.map((tab) => tab[what])
  return {
    readyMs: median(all('readyMs')),
    resumedMs: median(all('resumedMs')),
    scriptMs: median(all('scriptMs')),
    freeMs: median(all('freeMs')),
    pageMs: median(all('pageMs')),
    paintedMs: median(all('paintedMs')),
    tabs: all('readyMs'),
  }
}

/**
 * @param {string} id
 * @param {number} stored
 */
function originOf(id, stored) {
  return `ready-${stored}-${id}`
}
