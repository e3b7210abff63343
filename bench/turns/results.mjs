import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { barChart } from '../bar-chart.mjs'
import { markdownTable } from '../table.mjs'

/** @typedef {import('./measure.mjs').Measured} Measured */
/** @typedef {{ handlerUs: number, plainUs: number, times: number }} MeasuredHttp */
/** @typedef {{ memoryUs: number, postgres: import('./logs.mjs').PostgresLogMeasured | undefined }} MeasuredLogs */

const folder = fileURLToPath(new URL('../../docs/benchmarks', import.meta.url))
const title = 'Microseconds that runTurn adds to a message'

/** @type {Omit<import('../overview.mjs').About, 'found'>} */
const about = {
  title: 'Turns',
  measured:
    'What a message of the agent costs on its way through `runTurn`, beside `for await` over the same async generator, in Node.',
  notShown:
    'an agent that does anything, a store over the network, the way to the browser: each costs far more than what is measured here.',
}

/**
 * @param {readonly Measured[]} results
 * @returns {readonly (readonly string[])[]} The first row is the head.
 */
export function tableOf(results) {
  return [
    ['each message', 'characters', 'raw, a second', 'through runTurn', 'added per message', 'share of raw'],
    ...results.map(({ label, lineLength, rawPerSecond, turnPerSecond, addedUs, share }) => [
      label,
      thousands(lineLength),
      thousands(rawPerSecond),
      thousands(turnPerSecond),
      `${addedUs.toFixed(2)} µs`,
      `${share.toFixed(1)} %`,
    ]),
  ]
}

/**
 * @param {MeasuredLogs} logs
 * @returns {readonly (readonly string[])[]} The first row is the head.
 */
export function logTableOf({ memoryUs, postgres }) {
  const head = ['log', 'per message', 'to reach']
  const rows = [['memoryTurnLog', `${memoryUs.toFixed(2)} µs more`, '1 µs']]
  if (!postgres) return [head, ...rows]
  const { rawUs, insertsUs, logUs, allowedUs, writes, polls } = postgres
  const reached = `${allowedUs.toFixed(1)} µs: 2 x ${rawUs.toFixed(1)} of iteration + ${insertsUs.toFixed(1)} of its inserts`
  return [
    head,
    ...rows,
    ['postgresTurnLog, iteration included', `${logUs.toFixed(1)} µs of CPU`, reached],
    ['statements a second, writing process', writes.toFixed(1), '5'],
    ['statements a second, a process with 100 readers', polls.toFixed(1), '5'],
  ]
}

/**
 * Writes what a whole run found to `docs/benchmarks`: a page with a table and a chart, and all figures as JSON.
 *
 * @param {readonly Measured[]} results
 * @param {MeasuredLogs} logs
 * @param {MeasuredHttp} http
 */
export async function writeResults(results, logs, http) {
  const bars = results.map(({ label, addedUs }) => ({
    library: { label, isOurs: true },
    value: addedUs,
    text: `${addedUs.toFixed(2)} µs`,
  }))
  const note = 'Less is better.'
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'turns.svg'), barChart({ title, note, groups: [{ label: 'each message', bars }] }))
  await writeFile(
    join(folder, 'turns.json'),
    `${JSON.stringify({ about: { ...about, found: found(results, logs, http) }, node: process.version, results: rounded(results), logs, http }, null, 2)}\n`,
  )
  await writeFile(join(folder, 'turns.md'), asPage(results, logs, http))
  console.log(`\nWritten to ${folder}`)
}

/** @param {readonly Measured[]} results @param {MeasuredLogs} logs @param {MeasuredHttp} http */
function found(results, logs, { handlerUs, plainUs, times }) {
  return [
    ...results.map(
      ({ label, addedUs, share }) =>
        `A message that is ${label}: ${addedUs.toFixed(2)} µs added, ${share.toFixed(1)} % of the raw rate.`,
    ),
    `Recorded in memory: ${logs.memoryUs.toFixed(2)} µs more.`,
    `Over HTTP: ${times.toFixed(2)} times the CPU of a Response made by hand, ${handlerUs.toFixed(1)} µs per event beside ${plainUs.toFixed(1)}.`,
  ]
}

/** @param {readonly Measured[]} results */
function rounded(results) {
  return results.map((result) =>
    Object.fromEntries(
      Object.entries(result).map(([name, value]) => [
        name,
        typeof value === 'number' ? Math.round(value * 1000) / 1000 : value,
      ]),
    ),
  )
}

/** @param {readonly Measured[]} results @param {MeasuredLogs} logs @param {MeasuredHttp} http */
function asPage(results, logs, { handlerUs, plainUs, times }) {
  return `# Turns

<!-- Written by bench/turns: npm run bench -- turns --write -->

What a message of the agent costs on its way through \`runTurn\`, beside \`for await\` over the same async generator, with \`claudeDriver\`
and the memory store, in Node ${process.version}. Rounds alternate, and each pair is compared, as what else the machine does slows both.
The first line has nothing but the iteration; in the others each message is a line of JSON, parsed as the Claude Agent SDK parses what
its process writes; in the last one the agent is busy for 100 µs with each message, as one that gives 10,000 a second.

\`npm run bench -- turns\` measures it on yours. All figures: [turns.json](turns.json).

## ${title}

![${title}](turns.svg)

${markdownTable(tableOf(results))}

## What a log adds

\`memoryTurnLog\` beside the same iteration of parsed lines without it. \`postgresTurnLog\` with 1,000 messages a second, in CPU of this process, Postgres not
included: beside the paced iteration alone, and beside inserting the same events by hand, a statement for what came in 250 ms.

${markdownTable(logTableOf(logs))}

## Over HTTP

1,000 turns of 50 events, twenty at a time, by \`createTurnHandler\` with the stores in memory, and by a \`Response\` made by hand that sends the same events and
keeps no promise. CPU of the server, which \`@hono/node-server\` runs in Node, per event. Pieces come one at a time, as fast as the event loop turns: by hand each is
a write, and the handler writes once what comes within 33 ms.

${markdownTable([
  ['', 'per event', ''],
  ['by hand', `${plainUs.toFixed(1)} µs`, ''],
  ['createTurnHandler', `${handlerUs.toFixed(1)} µs`, `${times.toFixed(2)} times as much; to reach: 1.25`],
])}
`
}

/** @param {number} value */
function thousands(value) {
  return Math.round(value).toLocaleString('en-US')
}
