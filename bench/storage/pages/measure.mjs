import { countWrites } from './count-writes.mjs'
import { paint } from './paint.mjs'
import { storedSessions } from './sessions.mjs'

/** @typedef {import('./sessions.mjs').Session} Session */

/**
 * What each library is asked to do.
 *
 * @typedef {object} Library
 * @property {(sessions: readonly Session[]) => Promise<void>} seed Stores these in an empty storage.
 * @property {(workspace: string, conversationId?: string) => Promise<readonly Session[]>} open Resolves once the workspace's newest ten can be shown, to these.
 * @property {() => Promise<void>} [resumed] Resolves once it is known which of them the tab continues with, if the library decides that.
 * @property {(workspace: string) => string} begin A new conversation with one message; its id.
 * @property {(conversationId: string) => void} touch Something was said: its last activity is now.
 * @property {() => Promise<void>} settle All that was asked for has been written.
 * @property {() => Promise<readonly Session[]>} all
 */

/**
 * @typedef {object} Ready
 * @property {number} readyMs From creating the store until the newest ten could be shown.
 * @property {number} resumedMs From creating the store until it was known which conversation the tab continues with.
 * @property {number} scriptMs What the library's own code took to run before.
 * @property {number} freeMs From creating the store until the page could do anything else, such as paint.
 * @property {number} pageMs From the start of the navigation until the newest ten could be shown.
 * @property {number} paintedMs From creating the store until the browser painted them.
 * @property {number} shown How many sessions there were to show.
 */

/**
 * What the bench asks of the page.
 *
 * @typedef {object} Bench
 * @property {Promise<Ready> | undefined} ready Of the workspace in the page's address, if there is one.
 * @property {(count: number) => Promise<void>} seed
 * @property {(options: { workspace: string, count: number, gapMs: number, startAt: number }) => Promise<readonly string[]>} beginMany The new ids.
 * @property {(options: { conversationId: string, updates: number, overMs: number }) => Promise<Streamed>} stream
 * @property {() => Promise<readonly Session[]>} all
 */

/** @typedef {import('./count-writes.mjs').Writes & { readonly lastAt: number }} Streamed */

/**
 * Lets the bench use a library in this page.
 *
 * @param {() => Library} create Creates its store.
 */
export function measure(create) {
  const start = performance.now()
  const library = create()
  const { searchParams } = new URL(location.href)
  const workspace = searchParams.get('workspace')
  globalThis.bench = {
    ready: workspace === null ? undefined : ready(workspace, searchParams.get('conversation') ?? undefined),

    async seed(count) {
      await library.seed(storedSessions(count))
      await library.settle()
    },

    async beginMany({ workspace, count, gapMs, startAt }) {
      /** @type {string[]} */
      const ids = []
      await delay(startAt - Date.now())
      for (let index = 0; index < count; index++) {
        if (gapMs > 0 && index > 0) await delay(gapMs)
        ids.push(library.begin(workspace))
      }
      await library.settle()
      return ids
    },

    async stream({ conversationId, updates, overMs }) {
      const writes = countWrites()
      const start = performance.now()
      let lastAt = 0
      for (let index = 0; index < updates; index++) {
        await delay(start + (index * overMs) / updates - performance.now())
        lastAt = Date.now()
        library.touch(conversationId)
      }
      await library.settle()
      // What is written when a person leaves counts as well.
      dispatchEvent(new Event('pagehide'))
      await library.settle()
      return { ...writes(), lastAt }
    },

    all: library.all,
  }

  /**
   * @param {string} workspace
   * @param {string | undefined} conversationId
   * @returns {Promise<Ready>}
   */
  async function ready(workspace, conversationId) {
    const shown = await library.open(workspace, conversationId)
    const pageMs = performance.now()
    const painted = paint(shown.map((session) => session.lastMessagePreview ?? '').join('\n'))
    /** @type {Promise<number>} */
    const free = delay(0).then(() => performance.now())
    await library.resumed?.()
    const resumedMs = performance.now() - start
    return {
      readyMs: pageMs - start,
      resumedMs,
      scriptMs: start - globalThis.pageStart,
      freeMs: (await free) - start,
      pageMs,
      paintedMs: (await painted) - start,
      shown: shown.length,
    }
  }
}

/**
 * @param {number} ms
 * @returns {Promise<void>}
 */
function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
}
