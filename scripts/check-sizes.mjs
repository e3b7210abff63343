// Measures the bundles of .size-limit.json, and checks that the README has the same limits: the numbers of kB in its paragraph with
// "Minified and gzipped", in the order of that file. A limit far above what was measured is as wrong as one below.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const mostSpareKb = 1

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(`${root}/README.md`, 'utf8')
/** @type {{ name: string, limit: string }[]} */
const budgets = JSON.parse(readFileSync(`${root}/.size-limit.json`, 'utf8'))

const stated = [...(/Minified and gzipped[\s\S]*?\n\n/.exec(readme)?.[0].matchAll(/(\d+(?:\.\d+)?) kB/g) ?? [])].map(
  ([, kb]) => Number(kb),
)
const limits = budgets.map(({ limit }) => Number.parseFloat(limit))
/** @type {{ name: string, size: number, passed: boolean }[]} */
const measured = measure()

const problems = measured.flatMap(({ name, size, passed }, index) => {
  const kb = size / 1000
  const limit = limits[index] ?? 0
  console.log(`${kb.toFixed(2).padStart(6)} kB of ${limit} kB  ${name}`)
  if (!passed) return [`${name}: ${kb.toFixed(2)} kB is more than its limit of ${limit} kB.`]
  if (limit - kb > mostSpareKb) return [`${name}: lower its limit of ${limit} kB, it has ${kb.toFixed(2)} kB.`]
  return []
})
if (stated.join() !== limits.join()) {
  problems.push(`README.md says ${stated.join(', ')} kB, .size-limit.json has ${limits.join(', ')} kB.`)
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1

/** Also when one is over its limit: then size-limit fails, having said all. */
function measure() {
  try {
    return JSON.parse(sizeLimit())
  } catch (error) {
    if (error instanceof Error && 'stdout' in error && error.stdout) return JSON.parse(String(error.stdout))
    throw error
  }
}

function sizeLimit() {
  const sizeLimitBin = `${root}/node_modules/size-limit/bin.js`
  return execFileSync(process.execPath, [sizeLimitBin, '--json'], {
    cwd: root,
    encoding: 'utf8',
    // Its warnings are about the ignored imports, which is what the budgets want.
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}
