/** @typedef {import('./libraries.mjs').LibraryUnderTest} LibraryUnderTest */

/**
 * @typedef {object} LostUpdates
 * @property {LibraryUnderTest} library
 * @property {number} gapMs Between two sessions of one tab; 0: all in one task.
 * @property {readonly number[]} surviving Of all sessions, in each run.
 */

export const tabs = 10
export const perTab = 20

/**
 * Ten tabs begin twenty conversations each at the same time; then the browser is closed in an orderly way and opened again.
 * How many of the conversations are still there?
 *
 * @param {import('./run.mjs').Setup} setup
 * @returns {Promise<readonly LostUpdates[]>}
 */
export async function measureLostUpdates({ libraries, browser, server, runs, progress }) {
  const results = []
  for (const gapMs of [0, 25]) {
    for (const library of libraries) {
      const surviving = []
      for (let run = 0; run < runs; run++) {
        const origin = `lost-${run}-${gapMs}-${library.id}`
        surviving.push(await countSurviving(origin, library.id, gapMs))
        progress(`lost updates, ${gapMs} ms apart, ${library.label}: ${surviving.at(-1)} of ${tabs * perTab}`)
      }
      results.push({ library, gapMs, surviving })
    }
  }
  return results

  /**
   * @param {string} origin
   * @param {string} page
   * @param {number} gapMs
   */
  async function countSurviving(origin, page, gapMs) {
    const opened = []
    for (let tab = 0; tab < tabs; tab++) {
      const workspace = `project-${tab}.example`
      const opening = await browser.open(server.url(origin, page, { workspace }))
      await opening.evaluate(() => globalThis.bench.ready)
      opened.push({ opening, workspace })
    }
    const startAt = Date.now() + 500
    const begun = await Promise.all(
      opened.map(({ opening, workspace }) =>
        opening.evaluate((options) => globalThis.bench.beginMany(options), {
          workspace,
          count: perTab,
          gapMs,
          startAt,
        }),
      ),
    )
    await browser.close()

    const reader = await browser.open(server.url(origin, page))
    const stored = await reader.evaluate(async () => (await globalThis.bench.all()).map((row) => row.conversationId))
    await reader.close()
    const ids = new Set(stored)
    return begun.flat().filter((id) => ids.has(id)).length
  }
}
