// The tests of storage and tabs with the counts that the promises name: `npm run test:soak`. Writes what was measured to docs/soak.md.

import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { startVitest } from 'vitest/node'

process.env.LEFTOFF_SOAK = '1'

const began = Date.now()
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
`,
)
