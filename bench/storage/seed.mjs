/**
 * Fills an empty storage through the library whose page this is.
 *
 * @param {import('./browser.mjs').BenchBrowser} browser
 * @param {string} url
 * @param {number} count
 */
export async function seed(browser, url, count) {
  const writer = await browser.open(url)
  await writer.evaluate((sessions) => globalThis.bench.seed(sessions), count)
  // What localStorage took may still be on its way out of the writer's process, and dies with it. Another tab sees what arrived.
  for (let attempt = 1; ; attempt++) {
    const reader = await browser.open(url)
    const stored = await reader.evaluate(async () => (await globalThis.bench.all()).length)
    await reader.close()
    if (stored === count) break
    if (attempt === 20) throw new Error(`${url} stored ${stored} of ${count} sessions.`)
  }
  await writer.close()
}
