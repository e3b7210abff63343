// The tests of storage with the counts that the promises name: `npm run test:soak`. Writes what was measured to docs/soak.md.

import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { startVitest } from 'vitest/node'

process.env.LEFTOFF_SOAK = '1'

const began = Date.now()
// What takes counts from LEFTOFF_SOAK.
const files = ['test/e2e/storage/', 'test/store/hostile-storage.test.ts']
const vitest = await startVitest('test', files, {
  watch: false,
  project: ['e2e', 'node'],
  reporters: [['default', { summary: false }], './scripts/strict-reporter.mjs'],
})

const rows = []
for (const module of vitest.state.getTestModules()) {
  for (const test of module.children.allTests()) {
    const { measured = '' } = /** @type {{ measured?: string }} */ (test.meta())
    const seconds = Math.round((test.diagnostic()?.duration ?? 0) / 1_000)
    rows.push(`| ${test.fullName.replaceAll(' > ', ': ')} | ${test.result().state} | ${measured} | ${seconds} s |`)
  }
}
await vitest.close()

writeFileSync(
  new URL('../docs/soak.md', import.meta.url),
  `# Soak

What \`npm run test:soak\` saw the last time it ran. One machine and one Chromium; counts, not a guarantee.

${new Date(began).toISOString().slice(0, 10)}, ${cpus()[0]?.model.trim() ?? 'unknown processor'} x ${cpus().length}, \
Node ${process.versions.node}, ${Math.round((Date.now() - began) / 1_000)} s.

| test | result | measured | took |
| --- | --- | --- | --- |
${rows.join('\n')}
`,
)
