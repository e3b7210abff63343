// Serves turns of 50 events at `/turn` by the handler and at `/plain` by a hand-made Response. `/cpu` says what this process has used.

import { createAdaptorServer } from '@hono/node-server'
import { createTurnHandler, memoryAgentSessions, memoryTurnLog, statelessDriver } from 'leftoff/server'

const pieces = Array.from({ length: 48 }, (_, n) => `piece ${n} of an answer `)

/** An agent whose pieces come one at a time, as over a network. */
async function* agent() {
  for (const piece of pieces) {
    await new Promise(setImmediate)
    yield piece
  }
}

const turns = createTurnHandler({
  sessions: memoryAgentSessions(),
  log: memoryTurnLog(),
  agent: statelessDriver({ textOf: (/** @type {string} */ piece) => piece }),
  toClient: (piece) => ({ text: piece }),
  authorize: () => ({ userId: 'u1' }),
  run: agent,
})

/** What one writes by hand, with the same events and no promise kept. @param {Request} request */
async function plain(request) {
  const { turnId } = await request.json()
  const encoder = new TextEncoder()
  let seq = 0
  const send = (/** @type {unknown} */ event) =>
    encoder.encode(`id: ${turnId}/${++seq}\ndata: ${JSON.stringify(event)}\n\n`)
  const iterator = agent()
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(send({ type: 'turn', turnId })),
    async pull(controller) {
      const { done, value } = await iterator.next()
      controller.enqueue(send(done ? { type: 'done' } : { type: 'text', text: value }))
      if (done) controller.close()
    },
  })
  return new Response(body, { headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' } })
}

const server = createAdaptorServer({
  fetch(/** @type {Request} */ request) {
    const { pathname } = new URL(request.url)
    if (pathname === '/cpu') return Response.json(process.cpuUsage())
    return pathname === '/turn' ? turns.fetch(request) : plain(request)
  },
})
server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
