// Storage, side by side: leftoff, zustand persist, jotai and redux-persist in one Chromium. See docs/benchmarks/storage.md.

import { parseArgs } from 'node:util'
import { textTable } from '../table.mjs'
import { createBrowser } from './browser.mjs'
import { bundlePages } from './bundle.mjs'
import { chooseLibraries } from './libraries.mjs'
import { measureLostUpdates } from './lost-updates.mjs'
import { claimFloors, floors, measureReady } from './ready.mjs'
import { knownSection, lostUpdatesSection, readySection, streamSection } from './sections.mjs'
import { servePages } from './serve.mjs'
import { measureStream } from './stream.mjs'
import { writeResults } from './write-results.mjs'

/**
 * @typedef {object} Setup
 * @property {readonly import('./libraries.mjs').LibraryUnderTest[]} libraries
 * @property {import('./browser.mjs').BenchBrowser} browser
 * @property {Awaited<ReturnType<typeof servePages>>} server
 * @property {number} runs Of the lost updates.
 * @property {number} streamMs
 * @property {number} rounds Of opening fresh tabs.
 * @property {(line: string) => void} progress
 */

const usage = `Usage: npm run bench -- storage [--quick] [--only=lost-updates,stream,ready] [--libraries=jotai,leftoff-dexie,…] [--write]
  --quick  to try the bench out: one run of the lost updates instead of five, a stream of 1.5 s instead of 15, two rounds of tabs instead of seven
  --write  update docs/benchmarks; it must be a whole run`

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    only: { type: 'string', default: 'lost-updates,stream,ready' },
    libraries: { type: 'string' },
  },
})

if (flags.help) console.log(usage)
else await run()

async function run() {
  const parts = flags.only.split(',')
  if (flags.write && (flags.quick || flags.libraries || parts.length < 3))
    throw new Error(`--write needs a whole run.\n${usage}`)
  const libraries = chooseLibraries(flags.libraries)
  const started = Date.now()
  const server = await servePages(await bundlePages([...floors, ...claimFloors, ...libraries].map(({ id }) => id)))
  const browser = await createBrowser()
  /** @type {Setup} */
  const setup = {
    libraries,
    browser,
    server,
    runs: flags.quick ? 1 : 5,
    streamMs: flags.quick ? 1_500 : 15_000,
    rounds: flags.quick ? 2 : 7,
    progress: (line) => console.log(`${((Date.now() - started) / 1000).toFixed(0).padStart(4)} s  ${line}`),
  }
  try {
    const lostUpdates = parts.includes('lost-updates') ? await measureLostUpdates(setup) : []
    const stream = parts.includes('stream') ? await measureStream(setup) : []
    const ready = parts.includes('ready') ? await measureReady(setup) : []
    const sections = [
      ...(lostUpdates.length > 0 ? [lostUpdatesSection(lostUpdates)] : []),
      ...(stream.length > 0 ? [streamSection(stream)] : []),
      ...(ready.length > 0 ? [readySection(ready)] : []),
      ...(ready.some(({ library }) => library.isOurs) ? [knownSection(ready)] : []),
    ]
    for (const { title, about, found, table } of sections) {
      console.log(`\n${title}\n\n${textTable(table)}\n\n${[about, ...found].join('\n')}`)
    }
    if (flags.write) {
      await writeResults({ sections, measured: { lostUpdates, stream, ready }, chromium: browser.version() ?? '' })
    }
  } finally {
    await browser.end()
    server.close()
  }
}
