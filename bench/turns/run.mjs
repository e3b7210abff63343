// What runTurn and the logs of turns cost per message, beside raw iteration of the same agent. See docs/benchmarks/turns.md.

import { parseArgs } from 'node:util'
import { textTable } from '../table.mjs'
import { measureHttp } from './http.mjs'
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
  const http = await measureHttp({ turns: flags.quick ? 200 : 1_000, rounds: flags.quick ? 3 : 7 })
  const { handlerUs, plainUs, times } = http
  console.log(
    `\nOver HTTP, CPU per event: ${handlerUs.toFixed(1)} µs by the handler, ${plainUs.toFixed(1)} µs by a hand-made Response; ${times.toFixed(2)} x, to reach 1.25`,
  )
  if (flags.write) await writeResults(results, logs, http)
}

/** @param {unknown} error */
function leftOut(error) {
  const isMissing = error instanceof Error && error.message.startsWith('No Postgres found')
  if (!isMissing || flags.write) throw error
  console.log(error.message)
  return undefined
}
