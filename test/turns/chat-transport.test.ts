import { describe, expect, it } from 'vitest'
import { chatTransport, type UiChunk } from '../../src/ai-sdk/index.js'
import { uiChunks } from '../../src/ai-sdk/ui-chunks.js'
import { LeftoffError } from '../../src/core/error.js'
import type { TurnStreamEvent } from '../../src/core/turn-stream.js'
import { fakeBrowser } from '../../src/testing/fake-browser.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { turnServer } from './turn-server.js'

const messages = [{ id: 'm', role: 'user', parts: [{ type: 'text', text: 'hi' }] }]

function setUp() {
  const clock = manualClock({ now: 1_800_000_000_000 })
  const server = turnServer(clock)
  const { browser } = fakeBrowser().openTab()
  const recorded: unknown[] = []
  const recordMessage = (message: unknown) => void recorded.push(message)
  const transport = chatTransport({
    api: '/api/turn',
    workspace: 'w',
    fetch: server.fetch,
    recordMessage,
    clock,
    browser,
  })
  return { clock, server, transport, recorded }
}

async function read(stream: ReadableStream<UiChunk> | null): Promise<UiChunk[]> {
  const chunks: UiChunk[] = []
  const reader = stream?.getReader()
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done) return chunks
    chunks.push(value)
  }
}

const whole: UiChunk[] = [
  { type: 'start', messageId: 'm.answer' },
  { type: 'text-start', id: 'text-0' },
  { type: 'text-delta', id: 'text-0', delta: 'one ' },
  { type: 'text-delta', id: 'text-0', delta: 'two ' },
  { type: 'text-delta', id: 'text-0', delta: 'three' },
  { type: 'text-end', id: 'text-0' },
  { type: 'finish' },
]

describe('a chat transport', () => {
  it('gives the answer of a message as chunks, under the id that the server stores', async () => {
    const { clock, server, transport } = setUp()
    const sent = transport.sendMessages({ chatId: 'c', messages, abortSignal: undefined })
    await clock.advance(50)
    const chunks = read(await sent)
    await clock.advance(1_000)
    expect(await chunks).toEqual(whole)
    expect(server.messages.map(({ id }) => id)).toEqual(['m', 'm.answer'])
  })

  it('reconnects with the whole answer, or with null where nothing runs', async () => {
    const { clock, server, transport } = setUp()
    expect(await transport.reconnectToStream({ chatId: 'c' })).toBeNull()
    server.begin('t', 'm', 'hi')
    await clock.advance(150)
    const chunks = read(await transport.reconnectToStream({ chatId: 'c' }))
    await clock.advance(1_000)
    expect(await chunks).toEqual(whole)
  })

  it('records the question once the server has it, and the answer at its end, by their ids', async () => {
    const { clock, server, transport, recorded } = setUp()
    server.faults.push({ status: 401 })
    await transport.sendMessages({ chatId: 'c', messages, abortSignal: undefined }).catch(() => {})
    expect(recorded).toEqual([])
    const sent = transport.sendMessages({ chatId: 'c', messages, abortSignal: undefined })
    await clock.advance(50)
    const chunks = read(await sent)
    await clock.advance(1_000)
    await chunks
    expect(recorded).toEqual([
      { role: 'user', text: 'hi', conversationId: 'c', messageId: 'm' },
      { role: 'assistant', text: 'one two three', conversationId: 'c', messageId: 'm.answer' },
    ])
  })

  it('reads on when the user is gone and nothing can be recorded any more', async () => {
    const clock = manualClock({ now: 1_800_000_000_000 })
    const { fetch } = turnServer(clock)
    const recordMessage = () => {
      throw new LeftoffError('disposed', 'This session store was disposed.')
    }
    const { browser } = fakeBrowser().openTab()
    const transport = chatTransport({ api: '/api/turn', workspace: 'w', fetch, recordMessage, clock, browser })
    const sent = transport.sendMessages({ chatId: 'c', messages, abortSignal: undefined })
    await clock.advance(50)
    const chunks = read(await sent)
    await clock.advance(1_000)
    expect(await chunks).toEqual(whole)
  })

  it('only stops reading when it is aborted, and stops the answer with stop()', async () => {
    const { clock, server, transport } = setUp()
    const left = new AbortController()
    const sent = transport.sendMessages({ chatId: 'c', messages, abortSignal: left.signal })
    await clock.advance(150)
    const chunks = read(await sent)
    left.abort()
    expect((await chunks).at(-1)?.type).not.toBe('finish')
    const [turn] = server.turns.values()
    expect(turn).toMatchObject({ isStopped: false })
    await transport.stop('c')
    expect(turn).toMatchObject({ isStopped: true })
  })

  it('throws what fails before the answer, and reports what fails in it', async () => {
    const { clock, server, transport } = setUp()
    server.faults.push({ status: 401 })
    const refused = transport.sendMessages({ chatId: 'c', messages, abortSignal: undefined })
    await expect(refused).rejects.toMatchObject({ code: 'signed-out' })
    server.faults.push({ cutAfter: 2 }, ...Array.from({ length: 100 }, () => 'lost' as const))
    const sent = transport.sendMessages({ chatId: 'c', messages, abortSignal: undefined })
    await clock.advance(150)
    const chunks = read(await sent)
    await clock.advance(70_000)
    expect((await chunks).slice(-2)).toEqual([
      { type: 'text-end', id: 'text-0' },
      { type: 'error', errorText: expect.stringContaining('could not be reached') },
    ])
  })
})

describe('chunks', () => {
  const of = (events: readonly Exclude<TurnStreamEvent, { type: 'error' }>[]) => {
    const chunks = uiChunks()
    return events.flatMap((event) => chunks.of(event))
  }

  it('of the server’s own stream pass through, with the stored id, and finish once', () => {
    const turn = { type: 'turn', turnId: 't', messageId: 'm', message: 'hi' } as const
    const data = (chunk: object) => ({ type: 'data', data: chunk }) as const
    expect(
      of([
        turn,
        data({ type: 'start', messageId: 'of the model' }),
        data({ type: 'text-delta', id: '1', delta: 'a' }),
        data({ type: 'finish' }),
        { type: 'done', kept: true },
      ]),
    ).toEqual([
      { type: 'start', messageId: 'm.answer' },
      { type: 'start', messageId: 'm.answer' },
      { type: 'text-delta', id: '1', delta: 'a' },
      { type: 'finish' },
    ])
  })

  it('have the text of the answer, whoever made them', () => {
    const chunks = uiChunks()
    chunks.of({ type: 'turn', turnId: 't', messageId: 'm', message: 'hi' })
    chunks.of({ type: 'text', text: 'one two' })
    chunks.of({ type: 'discard', keep: 4 })
    chunks.of({ type: 'data', data: { type: 'text-delta', id: '1', delta: 'three' } })
    expect(chunks.answer()).toEqual({ messageId: 'm.answer', text: 'one three' })
  })

  it('of other data, of text that is taken back, of lost context and of a gap are data parts', () => {
    expect(
      of([
        { type: 'text', text: 'a' },
        { type: 'discard', keep: 0 },
        { type: 'recovered', reason: 'stale', contextLost: true },
        { type: 'data', data: { anything: 1 } },
        { type: 'missed' },
        { type: 'stopped' },
      ]).map(({ type }) => type),
    ).toEqual([
      'text-start',
      'text-delta',
      'text-end',
      'data-discard',
      'data-recovered',
      'data-message',
      'data-missed',
      'abort',
    ])
  })
})
