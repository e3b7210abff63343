// A turn of so many MB through the handler, in pieces of so many characters: one reader reads, one never does. Prints by how much the
// process grew, and what came of the turn, as JSON.

import { createTurnHandler, memoryAgentSessions, memoryTurnLog, statelessDriver } from 'leftoff/server'

const [characters, size] = [Number(process.argv[2]) * 1_000_000, Number(process.argv[3])]
const isKept = process.argv[4] === 'kept'
let kept = 0
let peak = 0

const turns = createTurnHandler({
  sessions: memoryAgentSessions(),
  log: memoryTurnLog(),
  agent: statelessDriver({ textOf: (/** @type {string} */ piece) => piece }),
  authorize: () => ({ userId: 'u1' }),
  run: agent,
  onError: () => {}, // the log is full
  ...(isKept && { onAnswer }),
})

globalThis.gc?.()
const before = process.memoryUsage().rss
const response = await turns.POST(
  new Request('http://localhost/', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ workspace: 'w', conversationId: 'c1', turnId: 't1', message: 'Hello' }),
  }),
)
const idle = await turns.GET(new Request('http://localhost/?workspace=w&conversationId=c1&turnId=t1'))
const received = await read(response)
look()
console.log(JSON.stringify({ grownMB: (peak - before) / 2 ** 20, kept, received, idle: idle.status }))

async function* agent() {
  for (let n = 0; n < characters / size; n += 1) {
    if (n % 100 === 0) {
      await new Promise(setImmediate)
      look()
    }
    // A text of its own each time, as an agent's are.
    yield String(n).padEnd(size, 'x')
  }
}

/** @param {{ text: string }} answer */
function onAnswer({ text }) {
  kept = text.length
  look()
}

function look() {
  peak = Math.max(peak, process.memoryUsage().rss)
}

/** How many characters of text came, up to the end. @param {Response} response */
async function read({ body }) {
  let count = 0
  let last = ''
  for await (const bytes of body ?? []) {
    const frames = new TextDecoder().decode(bytes)
    for (const [, text = ''] of frames.matchAll(/"text":"(\w*)"/g)) count += text.length
    last = frames.trimEnd().slice(-100)
  }
  if (!last.includes('"type":"done"')) throw new Error(`The turn did not end well: ${last}`)
  return count
}
