// A server with so many conversations, and so many turns at a time, through the handler, on a clock that is moved. Prints what a
// conversation takes, what a running turn takes, and what is left after the turns and after two days of silence, as JSON.

import { createTurnHandler, memoryAgentSessions, memoryTurnLog, statelessDriver, tabKey } from 'leftoff/server'
import { manualClock } from 'leftoff/testing'

const [keys, turns] = [Number(process.argv[2]), Number(process.argv[3])]
const clock = manualClock({ now: Date.UTC(2026, 10, 26) })
const sessions = memoryAgentSessions({ maxKeys: keys, clock })
let goOn = () => {}
const meanwhile = new Promise((resolve) => {
  goOn = () => resolve(undefined)
})
let running = 0

const handler = createTurnHandler({
  sessions,
  log: memoryTurnLog({ clock }),
  agent: statelessDriver({ textOf: (/** @type {string} */ piece) => piece }),
  authorize: () => ({ userId: 'u0' }),
  run: agent,
  clock,
})

const empty = heapBytes()
for (let n = 0; n < keys; n += 1) {
  const key = tabKey({ userId: `u${n % 1_000}`, workspace: 'w', tabId: `conversation-${n}` })
  await sessions.set(key, `session-${n}`.padEnd(36, '0'))
}
const full = heapBytes()

const { busy, whole } = await runAtOnce()
// The log keeps ended turns for readers that come back.
await clock.advance(2 * 86_400_000)
await sessions.set(tabKey({ userId: 'late', workspace: 'w', tabId: 'late' }), 'late')
const left = heapBytes()

console.log(
  JSON.stringify({
    bytesPerKey: (full - empty) / keys,
    bytesPerTurn: (busy - full) / turns,
    whole,
    leftMB: (left - empty) / 2 ** 20,
  }),
)

/** What is on the heap while all run, and how many answers came whole. */
async function runAtOnce() {
  const responses = await Promise.all(Array.from({ length: turns }, (_, n) => post(n)))
  const texts = Promise.all(responses.map((response) => response.text()))
  while (running < turns) await new Promise(setImmediate)
  const busy = heapBytes()
  goOn()
  return { busy, whole: (await texts).filter((text) => text.includes('"type":"done"')).length }
}

async function* agent() {
  yield 'Hello, '
  running += 1
  await meanwhile
  yield 'world.'
}

/** @param {number} n */
function post(n) {
  return handler.POST(
    new Request('http://localhost/', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ workspace: 'w', conversationId: `turn-${n}`, turnId: `t${n}`, message: 'Hello' }),
    }),
  )
}

function heapBytes() {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
