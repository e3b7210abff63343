// Runs `npm test` ten times, the last five beside a busy loop on each core: `node scripts/test-ten-times.mjs`. A suite that passes
// once may still fail one time in ten, or only where something else runs.
//
//   --runs 4               another number of runs; half of them, rounded down, are busy
//   --command 'npm test'   another command, which has to end with `N passed, N failed` as ours do

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '10' }, command: { type: 'string', default: 'npm test' } },
})
const runs = Number(values.runs)
if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs takes a whole number from 1.')
const quiet = runs - Math.floor(runs / 2)
const logs = mkdtempSync(join(tmpdir(), 'leftoff-runs-'))

/** @typedef {{ readonly passed: boolean, readonly seconds: number, readonly tests: number }} Run */

/** @type {Run[]} */
const all = []
for (let index = 0; index < runs; index++) {
  const isBusy = index >= quiet
  const run = isBusy ? await besideBusyLoops(() => runOnce(index)) : await runOnce(index)
  all.push(run)
  const where = isBusy ? ', beside a busy loop on each core' : ''
  console.log(
    `${index + 1}: ${run.passed ? 'passed' : `FAILED, see ${logOf(index)}`}, ${run.tests} tests, ${run.seconds} s${where}`,
  )
}

const passed = all.filter((run) => run.passed).length
const counts = [...new Set(all.map(({ tests }) => tests))]
console.log(`${passed} of ${runs}`)
console.log(`slowest ${Math.max(...all.map(({ seconds }) => seconds))} s, median ${median(all)} s`)
console.log(`without busy loops: median ${median(all.slice(0, quiet))} s`)
if (quiet < runs) console.log(`beside them: median ${median(all.slice(quiet))} s`)
console.log(`tests: ${counts.join(', ')}`)
// Runs of one suite that count differently have not all run all of it.
if (passed < runs || counts.length > 1) process.exitCode = 1

/**
 * @param {number} index
 * @returns {Promise<Run>}
 */
async function runOnce(index) {
  const began = performance.now()
  const child = spawn(values.command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
  /** @type {Buffer[]} */
  const output = []
  child.stdout.on('data', (chunk) => output.push(chunk))
  child.stderr.on('data', (chunk) => output.push(chunk))
  const [code] = await once(child, 'close')
  const text = Buffer.concat(output).toString()
  writeFileSync(logOf(index), text)
  const [, tests = '0', failures = '1'] = /^(\d+) passed, (\d+) failed$/m.exec(text) ?? []
  return {
    passed: code === 0 && Number(tests) > 0 && failures === '0',
    seconds: Math.round((performance.now() - began) / 1000),
    tests: Number(tests),
  }
}

/** @param {number} index */
function logOf(index) {
  return join(logs, `${index + 1}.log`)
}

/**
 * @template T
 * @param {() => Promise<T>} run
 * @returns {Promise<T>}
 */
async function besideBusyLoops(run) {
  const loops = Array.from({ length: availableParallelism() }, () =>
    // Each ends with this process, however that ends.
    spawn(process.execPath, ['--eval', `const parent = process.ppid; while (process.ppid === parent);`], {
      stdio: 'ignore',
    }),
  )
  try {
    return await run()
  } finally {
    for (const loop of loops) loop.kill('SIGKILL')
  }
}

/** @param {readonly Run[]} some */
function median(some) {
  const sorted = some.map(({ seconds }) => seconds).toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = 0, high = 0] = [sorted.at(sorted.length % 2 === 0 ? middle - 1 : middle), sorted.at(middle)]
  return (low + high) / 2
}
