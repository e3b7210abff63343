// 100,000 random runs of the store, and the tests of storage, tabs and turns with the counts that the promises name: `npm run test:soak`.
// Writes what was measured to docs/soak.md. `node scripts/soak.mjs account 388 missing` runs one seed, and says why it fails.

import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { startVitest } from 'vitest/node'
import { ask, askAll, bundleSoak, copyParts, inFolder, root, soakJobs } from './soak-process.mjs'

/** Of random runs; another `LEFTOFF_SOAK_FROM` is another 100,000. */
const randomRuns = { localStorage: 39_000, account: 39_000, dexie: 10_000 }
/** Of these, for each way in which locks fail all the time. */
const lockRuns = { localStorage: 2_000, account: 1_500, dexie: 500 }
const lockKinds = ['missing', 'rejecting', 'slow']
const from = Number(process.env.LEFTOFF_SOAK_FROM ?? 1)
const runsAtOnce = 500
const enoughFailures = 3

const [, , storage, seed, locks] = process.argv
if (storage) {
  await runSeed(storage, Number(seed), locks)
  process.exit()
}

process.env.LEFTOFF_SOAK = '1'

const began = Date.now()
const random = await runRandomly()
const randomSeconds = Math.round((Date.now() - began) / 1_000)
// What takes counts from LEFTOFF_SOAK.
const files = [
  'test/e2e/storage/',
  'test/e2e/tabs/',
  'test/e2e/turns/',
  'test/react/thread-model.test.ts',
  'test/store/hostile-storage.test.ts',
  'test/turns/',
]
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

const page = new URL('../docs/soak.md', import.meta.url)
const [intro = ''] = readFileSync(page, 'utf8').split('\n## Last run\n')
const day = new Date(began).toISOString().slice(0, 10)
const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'} x ${cpus().length}, Node ${process.versions.node}`
writeFileSync(
  page,
  `${intro}
## Last run

${day}, ${machine}.

Random: ${random.runs} runs from seed ${from}, ${randomSeconds} s, ${random.failures.length} failures.

${describeTable(random)}

In browsers: ${tests.length - failed.length} tests passed, ${failed.length} failed.
${failures.join('')}
| what | measured |
| --- | --- |
${rows.join('\n')}
`,
)
for (const failure of random.failures) console.error(failure.text)
console.log(`${random.runs} random runs, ${random.failures.length} failures; in browsers ${failed.length} failures`)
if (random.failures.length + failed.length > 0) process.exitCode = 1

/** @param {string} storage @param {number} seed @param {string | undefined} locks */
async function runSeed(storage, seed, locks) {
  await inFolder(async (folder) => {
    await copyParts(root, folder, ['src', 'test/soak'])
    const { failures } = await ask(await bundleSoak(folder), { do: 'soak', storage, from: seed, count: 1, locks })
    console.log(failures[0]?.text ?? 'Nothing fails.')
  })
}

async function runRandomly() {
  return inFolder(async (folder) => {
    await copyParts(root, folder, ['src', 'test/soak'])
    const bundle = await bundleSoak(folder)
    const jobs = [undefined, ...lockKinds].flatMap((locks) =>
      soakJobs(locks ? lockRuns : randomRuns, from, runsAtOnce).map((job) => ({ ...job, locks })),
    )
    let failures = 0
    const summaries = await askAll(bundle, jobs, (summary) => {
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
