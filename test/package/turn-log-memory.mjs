// A turn of so many MB with so many readers, a tenth of whom never read. Prints by how much the process grew, and what the readers got, as JSON.

import { memoryTurnLog, postgresTurnLog, systemClock, tabKey } from 'leftoff/server'

const key = tabKey({ userId: 'u1', workspace: 'w', tabId: 't1' })
const [name, events, readers] = [process.argv[2], Number(process.argv[3]) * 1_000, Number(process.argv[4])]
const log = name === 'memory' ? memoryTurnLog() : postgresTurnLog({ query: database(), clock: hurried() })

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
  append(seq, eventOf(seq))
  if (seq % 100 === 0) await new Promise(setImmediate)
  // What is garbage is not held: how much of it lies about depends on how busy the machine is.
  if (seq % 250 === 0) globalThis.gc?.()
  // As the handler does, which pulls no agent while 1 MB waits.
  while (waiting > 2 ** 20) await new Promise((resolve) => setTimeout(resolve, 10))
  peak = Math.max(peak, process.memoryUsage().rss)
}
await log.end(key, 't1', events + 1, '{"type":"done"}')
await Promise.all(reading)
peak = Math.max(peak, process.memoryUsage().rss)
console.log(JSON.stringify({ grownMB: (peak - before) / 2 ** 20, isFull, ended, reading: reading.length, received }))

/** @param {number} seq */
function eventOf(seq) {
  return JSON.stringify({ type: 'text', text: String(seq).padEnd(1_000, 'x') })
}

/** A database that keeps no event, as it can make each again: what grows is ours. */
function database() {
  let [last, end, room] = [0, 0, 8 * 2 ** 20]
  return async (/** @type {string} */ sql, /** @type {readonly unknown[]} */ params) => {
    /** @param {string} name */
    const given = (name) => Number(params[Number(new RegExp(`${name} => \\$(\\d+)`).exec(sql)?.[1]) - 1])
    if (sql.includes('write_turn_log')) {
      const added = (given('p_last_seq') || last) - last
      room -= 1_030 * added
      if (room > 0) last += added
      end = given('p_end_seq') || end
      return [{ answer: room > 0 ? '"ok"' : '"full"' }]
    }
    if (!sql.includes('read_turn_log')) return [{ answer: 'true' }]
    const after = given('p_after')
    const texts = Array.from({ length: Math.max(0, last - after) }, (_, n) => eventOf(after + n + 1))
    const rows = texts.length > 0 ? [[last, texts.join('\n')]] : []
    if (end > after) rows.push([end, '{"type":"done"}'])
    return [{ answer: JSON.stringify({ rows, hasEnded: end > 0, lastSeq: end }) }]
  }
}

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
