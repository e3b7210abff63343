// What runTurn and the logs of turns cost per message, beside raw iteration of the same agent. See docs/benchmarks/turns.md.

import { parseArgs } from 'node:util'
import { textTable } from '../table.mjs'
import { measureMemoryLog, measurePostgresLog } from './logs.mjs'
import { deltaLine, measure } from './measure.mjs'
import { logTableOf, tableOf, writeResults } from './results.mjs'

const usage = `Usage: npm run bench -- turns [--quick] [--write]
  --quick  a tenth of the messages, to try the bench out
  --write  update docs/benchmarks; it must be a whole run
The log in Postgres needs an installed Postgres, and is left out without one.`

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (flags.help) console.log(usage)
else await run()

async function run() {
  if (flags.write && flags.quick) throw new Error(`--write needs a whole run.\n${usage}`)
  const count = flags.quick ? 10_000 : 100_000
  const pairs = flags.quick ? 5 : 25
  const short = deltaLine(20)
  const paced = { line: short, isParsed: true, costUs: 100, count: count / 20 }
  const results = [
    await measure({ label: 'ready in memory', line: short, isParsed: false, count, pairs }),
    await measure({ label: 'a short line parsed', line: short, isParsed: true, count, pairs }),
    await measure({
      label: 'a long line parsed',
      line: deltaLine(40_000),
      isParsed: true,
      count: count / 20,
      pairs,
    }),
    await measure({ label: 'a short line, 10,000 a second', ...paced, pairs }),
  ]
  console.log(textTable(tableOf(results)))
  const memoryUs = await measureMemoryLog({ line: short, count: flags.quick ? 5_000 : 20_000, pairs })
  const postgres = await measurePostgresLog({
    line: short,
    seconds: flags.quick ? 1 : 5,
    rounds: flags.quick ? 3 : 7,
  }).catch(leftOut)
  const logs = { memoryUs, postgres }
  console.log(`\n${textTable(logTableOf(logs))}`)
  if (flags.write) await writeResults(results, logs)
}

/** @param {unknown} error */
function leftOut(error) {
  const isMissing = error instanceof Error && error.message.startsWith('No Postgres found')
  if (!isMissing || flags.write) throw error
  console.log(error.message)
  return undefined
}
