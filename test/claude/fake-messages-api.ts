import { createServer, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { serve } from '../support/serve.js'

/** The Messages API on the loopback address, as far as one turn needs it. */
export interface FakeMessagesApi {
  readonly url: string
  /** What the model was shown, a text per request: all that was said so far. */
  readonly seen: readonly string[]
  close(): Promise<void>
}

/** A model that says `Answer 1`, then `Answer 2`, and so on. `beforeAnswer` is called in the middle of a turn: the model was asked and has not answered. */
export async function fakeMessagesApi(beforeAnswer: () => unknown = () => {}): Promise<FakeMessagesApi> {
  const seen: string[] = []
  const server = createServer(async (request, response) => {
    const body: unknown = request.method === 'POST' ? await json(request) : undefined
    const path = request.url?.split('?')[0]
    if (path === '/v1/messages/count_tokens') return sendJson(response, { input_tokens: 10 })
    if (path !== '/v1/messages') return sendJson(response, {}, 404)
    const asked = JSON.stringify(body)
    // SDK 0.1 greets its subagents at each start.
    if (asked.includes('"text":"Warmup"')) return stream(response, 'Ready')
    seen.push(asked)
    await beforeAnswer()
    stream(response, `Answer ${seen.length}`)
  })
  const { port, close } = await serve(server, '127.0.0.1')
  return { url: `http://127.0.0.1:${port}`, seen, close }
}

/** One answer in two pieces. */
function stream(response: ServerResponse, answer: string): void {
  const usage = { input_tokens: 10, output_tokens: 1, cache_creation_input_tokens: 3, cache_read_input_tokens: 7 }
  const message = { id: `msg_${answer.replace(' ', '_')}`, type: 'message', role: 'assistant', model: 'claude-fake' }
  const delta = (text: string) => ({ index: 0, delta: { type: 'text_delta', text } })
  const events: [type: string, data: object][] = [
    ['message_start', { message: { ...message, content: [], stop_reason: null, stop_sequence: null, usage } }],
    ['content_block_start', { index: 0, content_block: { type: 'text', text: '' } }],
    ['content_block_delta', delta(answer.slice(0, 3))],
    ['content_block_delta', delta(answer.slice(3))],
    ['content_block_stop', { index: 0 }],
    ['message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } }],
    ['message_stop', {}],
  ]
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  for (const [type, data] of events) response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
  response.end()
}

function sendJson(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}
