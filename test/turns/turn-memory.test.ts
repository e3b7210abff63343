import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { encodeSentEvent } from '../../src/core/turn-stream.js'
import { createTurnClient } from '../../src/index.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

it('holds no piece of a stream once it is read, however long the turn lasts', async () => {
  const pieces: WeakRef<Uint8Array>[] = []
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const seq = pieces.length + 1
      const event =
        seq === 1 ? { type: 'turn', turnId: 't', messageId: 't', message: 'hi' } : { type: 'text', text: 'w' }
      const bytes = encoder.encode(encodeSentEvent('t', seq, JSON.stringify(event)))
      pieces.push(new WeakRef(bytes))
      controller.enqueue(bytes)
    },
  })
  const client = createTurnClient({
    api: '/api/turn',
    fetch: async () => new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }),
    browser: fakeBrowser().openTab().browser,
  })
  const events = client.send({ userId: 'u', workspace: 'w', conversationId: 'c' }, { message: 'hi', turnId: 't' })
  for (let count = 0; count < 200; count++) await events.next()
  // A weak reference that was made or read in a task holds until the task ends.
  await new Promise(setImmediate)
  collectGarbage()
  expect(pieces.length).toBeGreaterThanOrEqual(200)
  expect(pieces.filter((piece) => piece.deref()).length).toBeLessThan(10)
  await events.return()
})
