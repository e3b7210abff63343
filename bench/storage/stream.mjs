import { storedSessions } from './pages/sessions.mjs'
import { seed } from './seed.mjs'

/** @typedef {import('./libraries.mjs').LibraryUnderTest} LibraryUnderTest */

/**
 * @typedef {object} Stream
 * @property {LibraryUnderTest} library
 * @property {number} stored How many sessions there were.
 * @property {number} writes
 * @property {number} characters
 * @property {boolean} lastLands Whether the last update is there in the next tab.
 */

export const updates = 1_000

/**
 * An answer streams in: 1,000 updates of one session's last activity. How much is written?
 *
 * @param {import('./run.mjs').Setup} setup
 * @returns {Promise<readonly Stream[]>}
 */
export async function measureStream({ libraries, browser, server, streamMs, progress }) {
  const results = []
  for (const stored of [1, 1_000]) {
    for (const library of libraries) {
      const result = await stream(`stream-${stored}-${library.id}`, library.id, stored)
      progress(`stream, ${stored} stored, ${library.label}: ${result.writes} writes, ${result.characters} characters`)
      results.push({ library, stored, ...result })
    }
  }
  return results

  /**
   * @param {string} origin
   * @param {string} page
   * @param {number} stored
   */
  async function stream(origin, page, stored) {
    await seed(browser, server.url(origin, page), stored)

    const [first] = storedSessions(1)
    if (!first) throw new Error('One session was asked for.')
    const { conversationId, workspace } = first
    const streaming = await browser.open(server.url(origin, page, { workspace, conversation: conversationId }))
    await streaming.evaluate(() => globalThis.bench.ready)
    const { writes, characters, lastAt } = await streaming.evaluate((options) => globalThis.bench.stream(options), {
      conversationId,
      updates,
      overMs: streamMs,
    })
    await streaming.close()

    const reader = await browser.open(server.url(origin, page))
    const rows = await reader.evaluate(() => globalThis.bench.all())
    await reader.close()
    const lastActivity = rows.find((row) => row.conversationId === conversationId)?.lastActivity ?? 0
    return { writes, characters, lastLands: lastActivity >= lastAt }
  }
}
