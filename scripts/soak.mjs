// The tests of storage and tabs with the counts that the promises name, and 100,000 random runs of the store: `npm run test:soak`.
// Writes what was measured to docs/soak.md.

import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { startVitest } from 'vitest/node'
import { askAll, bundleSoak, copyParts, inFolder, root, soakJobs } from './soak-process.mjs'

/** Of random runs; another `LEFTOFF_SOAK_FROM` is another 100,000. */
const randomRuns = { localStorage: 45_000, account: 45_000, dexie: 10_000 }
const from = Number(process.env.LEFTOFF_SOAK_FROM ?? 1)
const runsAtOnce = 500
const enoughFailures = 3

process.env.LEFTOFF_SOAK = '1'

const began = Date.now()
const random = await runRandomly()
const randomSeconds = Math.round((Date.now() - began) / 1_000)
// What takes counts from LEFTOFF_SOAK.
const files = ['test/e2e/storage/', 'test/e2e/tabs/', 'test/store/hostile-storage.test.ts']
const vitest = await startVitest('test', files, {
  watch: false,
  project: ['e2e', 'node'],
  testTimeout: 300_000,
  reporters: [['default', { summary: false }], './scripts/strict-reporter.mjs'],
})

const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()])
const failed = tests.filter((test) => test.result().state !== 'passed')
// The others do the same as in `npm test`; what they show is that they pass.
const rows = tests.flatMap((test) => {
  const { measured } = /** @type {{ measured?: string }} */ (test.meta())
  const name = test.fullName.replaceAll(' > ', ': ')
  return measured ? [`| ${name} | ${measured} |`] : []
})
const failures = failed.map((test) => `\nFailed: ${test.fullName}`)
await vitest.close()

writeFileSync(
  new URL('../docs/soak.md', import.meta.url),
  `# Soak run

\`npm run test:soak\` runs the tests of storage and tabs with the counts that the promises name, and writes this file.

Last run: ${new Date(began).toISOString().slice(0, 10)}, ${Math.round((Date.now() - began) / 1_000)} s, \
${cpus()[0]?.model.trim() ?? 'unknown processor'} x ${cpus().length}, Node ${process.versions.node}. \
${tests.length - failed.length} tests passed, ${failed.length} failed.
${failures.join('')}
| what | measured |
| --- | --- |
${rows.join('\n')}

It shows what one engine on one machine did. Killing a browser is not cutting the power.

## Random tabs, users and failures

Up to five pages, two users and three workspaces in a made-up browser do random things while storage fails and clocks jump (\`test/soak\`). \
Last run: ${random.runs} runs from seed ${from}, ${randomSeconds} s, ${random.failures.length} failures.

${describeTable(random)}
`,
)
for (const failure of random.failures) console.error(failure.text)
console.log(`${random.runs} random runs, ${random.failures.length} failures`)
if (random.failures.length > 0) process.exitCode = 1

async function runRandomly() {
  return inFolder(async (folder) => {
    await copyParts(root, folder, ['src', 'test/soak'])
    const bundle = await bundleSoak(folder)
    let failures = 0
    const summaries = await askAll(bundle, soakJobs(randomRuns, from, runsAtOnce), (summary) => {
      failures += summary.failures.length
      return failures >= enoughFailures
    })
    return {
      runs: summaries.reduce((sum, { runs }) => sum + runs, 0),
      failures: summaries.flatMap((summary) => summary.failures),
      effects: addCounts(summaries.map(({ effects }) => effects)),
    }
  })
}

/** @param {readonly Readonly<Record<string, number>>[]} counts */
function addCounts(counts) {
  /** @type {Record<string, number>} */
  const sums = {}
  for (const one of counts) for (const [what, times] of Object.entries(one)) sums[what] = (sums[what] ?? 0) + times
  return Object.fromEntries(Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** @param {{ readonly effects: Readonly<Record<string, number>> }} counts */
function describeTable({ effects }) {
  const rows = Object.entries(effects).filter(([what]) => !what.startsWith('skipped'))
  return [
    '| what took effect | times |',
    '| --- | --- |',
    ...rows.map(([what, times]) => `| ${what} | ${times} |`),
  ].join('\n')
}
