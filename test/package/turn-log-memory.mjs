// A turn of so many MB with so many readers, a tenth of whom never read. Prints by how much the process grew, and what the readers got, as JSON.

import { memoryTurnLog, postgresTurnLog, systemClock, tabKey } from 'leftoff/server'

const key = tabKey({ userId: 'u1', workspace: 'w', tabId: 't1' })
const [name, events, readers] = [process.argv[2], Number(process.argv[3]) * 1_000, Number(process.argv[4])]
const log =
  name === 'memory'
    ? memoryTurnLog()
    : // A database that takes all and keeps nothing: what grows is ours.
      postgresTurnLog({ query: async (sql) => [{ answer: sql.includes('start') ? 'true' : '"ok"' }], clock: hurried() })

await log.start(key, 't1')
const signals = Array.from({ length: readers }, () => new AbortController().signal)
globalThis.gc?.()
const before = process.memoryUsage().rss
let peak = before

let [ended, received, waiting] = [0, 0, 0]
let isFull = false
/** @type {Promise<void>[]} */
const reading = []
/** @type {unknown[]} */
const idle = []
for (const [n, signal] of signals.entries()) {
  const reader = await log.read(key, 't1', { after: 0, signal })
  if (!reader) throw new Error('The turn has started.')
  if (n % 10 === 0) idle.push(reader)
  else reading.push(read(reader))
}

for (let seq = 1; seq <= events; seq += 1) {
  // A text of its own each time, as an agent's are.
  append(seq, JSON.stringify({ type: 'text', text: String(seq).padEnd(1_000, 'x') }))
  if (seq % 100 === 0) await new Promise(setImmediate)
  // As the handler does, which pulls no agent while 1 MB waits.
  while (waiting > 2 ** 20) await new Promise((resolve) => setTimeout(resolve, 10))
  peak = Math.max(peak, process.memoryUsage().rss)
}
await log.end(key, 't1', events + 1, '{"type":"done"}')
await Promise.all(reading)
peak = Math.max(peak, process.memoryUsage().rss)
console.log(JSON.stringify({ grownMB: (peak - before) / 2 ** 20, isFull, ended, reading: reading.length, received }))

/**
 * @param {number} seq
 * @param {string} event
 */
function append(seq, event) {
  if (isFull) return
  waiting += event.length
  log.append(key, 't1', seq, [event]).then(
    () => {
      waiting -= event.length
    },
    () => {
      isFull = true
      waiting = 0
    },
  )
}

/** @param {AsyncIterable<readonly { event: string, last: boolean }[]>} reader */
async function read(reader) {
  for await (const piece of reader) {
    received += piece.length
    if (piece.at(-1)?.last) ended += 1
  }
}

/** Batches ten times as often: 50 MB would take 12 s. */
function hurried() {
  const { now, monotonic, setTimeout } = systemClock
  return {
    now,
    monotonic: () => 10 * monotonic(),
    setTimeout: (/** @type {() => void} */ run, /** @type {number} */ ms) => setTimeout(run, ms / 10),
  }
}
