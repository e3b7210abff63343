import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { simulateReadableStream } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import type { TurnAnswer, TurnQuestion } from 'leftoff/server'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { serve } from '../../../test/support/serve.js'

// The model, and the app that the routes are copied into.
const parts = vi.hoisted(() => ({
  fails: false,
  /** Each prompt. */
  asked: [] as (readonly unknown[])[],
  errors: [] as unknown[],
  messages: new Map<string, { id: string; role: 'user' | 'assistant'; text: string }>(),
}))

vi.mock('../turns/your-app.js', async () => {
  const server = await import('leftoff/server')
  return {
    sessions: server.memoryAgentSessions(),
    log: server.memoryTurnLog(),
    app: {
      authorize: () => ({ userId: 'ada' }),
      onQuestion: ({ messageId: id, input: text }: TurnQuestion<string>) =>
        void parts.messages.set(id, { id, role: 'user', text }),
      onAnswer: ({ answerId: id, text }: TurnAnswer) => void parts.messages.set(id, { id, role: 'assistant', text }),
      onError: (error: unknown) => void parts.errors.push(error),
    },
    messagesOf: async () => [...parts.messages.values()],
  }
})

vi.mock('../turns/model.js', () => {
  const tokens = { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 }
  const model = new MockLanguageModelV4({
    doStream: async ({ prompt }) => {
      if (parts.fails) throw new Error('the model is down')
      parts.asked.push(prompt)
      return {
        stream: simulateReadableStream({
          chunks: [
            { type: 'text-start', id: '1' },
            { type: 'text-delta', id: '1', delta: 'Hello' },
            { type: 'text-delta', id: '1', delta: ' Ada' },
            { type: 'text-end', id: '1' },
            {
              type: 'finish',
              finishReason: { unified: 'stop', raw: 'stop' },
              usage: { inputTokens: tokens, outputTokens: { total: 2, text: 2, reasoning: 0 } },
            },
          ],
        }),
      }
    },
  })
  return { model }
})

/** OpenAI's API as far as it streams. */
const openai = createServer(async (request, response) => {
  const pieces: string[] = []
  for await (const piece of request.setEncoding('utf8')) pieces.push(piece)
  if (parts.fails) return void response.writeHead(400).end('{"error":{"message":"the model is down"}}')
  parts.asked.push(JSON.parse(pieces.join('')).messages)
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  for (const content of ['Hello', ' Ada']) {
    const chunk = {
      id: 'c',
      object: 'chat.completion.chunk',
      created: 0,
      model: 'm',
      choices: [{ index: 0, delta: { content } }],
    }
    response.write(`data: ${JSON.stringify(chunk)}\n\n`)
  }
  response.end('data: [DONE]\n\n')
})

beforeAll(async () => {
  const { port, close } = await serve(openai)
  vi.stubEnv('OPENAI_API_KEY', 'none is needed')
  vi.stubEnv('OPENAI_BASE_URL', `http://localhost:${port}`)
  return close
})

beforeEach(() => {
  parts.asked.length = 0
  parts.errors.length = 0
  parts.messages.clear()
  parts.fails = false
})

describe.each(['openai', 'ai-sdk'])('the whole route in turns/%s-turns.ts', (name) => {
  const load = (): Promise<{ POST: (request: Request) => Promise<Response> }> => import(`../turns/${name}-turns.ts`)

  function send(turnId: string, message: string, messageId = turnId): Request {
    return new Request('http://localhost/api/turn', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ workspace: 'w', conversationId: name, turnId, messageId, message }),
    })
  }

  it('streams an answer, and sends the conversation with the next message', async () => {
    const { POST } = await load()
    const first = await (await POST(send('t1', 'Hi'))).text()
    expect(first).toContain('{"type":"text","text":"Hello')
    expect(first).toContain('"type":"done"')
    await (await POST(send('t2', 'And?'))).text()
    expect([...parts.messages.values()].map(({ text }) => text)).toEqual(['Hi', 'Hello Ada', 'And?', 'Hello Ada'])
    expect(parts.asked.map(({ length }) => length)).toEqual([1, 3])
    expect(parts.errors).toEqual([])
  })

  it('sends the model the same once more when a question is tried again, without the answer of the first try', async () => {
    const { POST } = await load()
    await (await POST(send('t4', 'Hi'))).text()
    await (await POST(send('t5', 'And?'))).text()
    await (await POST(send('t6', 'And?', 't5'))).text()
    expect(parts.messages.size).toBe(4)
    expect(parts.asked[2]).toEqual(parts.asked[1])
    expect(parts.asked[2]).toHaveLength(3)
  })

  it('says that a model failed, and keeps its words on the server', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    parts.fails = true
    const { POST } = await load()
    const answer = await (await POST(send('t3', 'Hi'))).text()
    expect(answer).toContain('"code":"turn-failed"')
    expect(answer).not.toContain('the model is down')
    expect(parts.errors).toHaveLength(1)
  })

  it('has at most 15 lines of its own', async () => {
    const source = await readFile(new URL(`../turns/${name}-turns.ts`, import.meta.url), 'utf8')
    const own = source.split('\n').filter((line) => line.trim() !== '' && !/^(import|\/\/)/.test(line))
    expect(own.length).toBeLessThanOrEqual(15)
  })
})
