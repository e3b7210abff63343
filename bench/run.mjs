// All benches, one after the other: each folder here with a `run.mjs`. See docs/benchmarks.md.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeOverview } from './overview.mjs'

const runOf = (/** @type {string} */ name) => fileURLToPath(new URL(`${name}/run.mjs`, import.meta.url))
const all = readdirSync(new URL('.', import.meta.url))
  .filter((name) => existsSync(runOf(name)))
  .sort()

const usage = `Usage: npm run bench -- [${all.join(' | ')}] [--quick] [--write]
  --quick  small counts, to try the benches out
  --write  update docs/benchmarks and docs/benchmarks.md; they must be whole runs
Alone, a bench may have options of its own: npm run bench -- storage --help`

const { values: flags, positionals: named } = parseArgs({ strict: false, allowPositionals: true })
const unknown = named.filter((name) => !all.includes(name))

if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}.\n${usage}`)
  process.exitCode = 1
} else if (flags.help && named.length === 0) {
  console.log(usage)
} else {
  const options = process.argv.slice(2).filter((argument) => !named.includes(argument))
  const failed = (named.length > 0 ? named : all).filter((name) => {
    console.log(`\n== bench/${name}\n`)
    // In a process of its own, so that what one leaves behind slows no other.
    return spawnSync(process.execPath, [runOf(name), ...options], { stdio: 'inherit' }).status !== 0
  })
  if (failed.length > 0) {
    console.error(`\nFailed: ${failed.join(', ')}`)
    process.exitCode = 1
  } else if (flags.write) {
    await writeOverview()
  }
}
