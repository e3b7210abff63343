import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LeftoffError } from '../../src/core/error.js'
import { readTurn } from '../../src/core/read-turn.js'
import { createSseParser, encodeFrame } from '../../src/core/sse.js'
import type { TurnEvent } from '../../src/core/turn-event.js'
import { parseWireEvent, type WireEvent } from '../../src/core/turn-wire.js'
import { busyResponse, turnResponse } from '../../src/server/responses.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { readAll } from './scripted-agent.js'

interface Said {
  readonly session: string
  readonly text?: string
}

const other = { turnId: 'other', messageHash: 'hash', startedAt: 0, state: 'running' } as const

const encodeWireEvent = (event: WireEvent<unknown>) => encodeFrame(JSON.stringify(event))

const toClient = ({ text }: Said) => (text === undefined ? undefined : { text })

async function* turn(...steps: (TurnEvent<Said> | Error)[]): AsyncGenerator<TurnEvent<Said>> {
  for (const step of steps) {
    if (step instanceof Error) throw step
    yield step
  }
}

describe('turnResponse and readTurn', () => {
  it('give the browser the same events, with of each message what toClient gives', async () => {
    const usage = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }
    const response = turnResponse(
      turn(
        { type: 'recovered', reason: 'stale', contextLost: true },
        { type: 'started', resumed: false },
        { type: 'message', message: { session: 'secret' } },
        { type: 'message', message: { session: 'secret', text: 'Grüße\n\n👋' } },
        { type: 'discard' },
        { type: 'done', usage, preview: 'Grüße' },
      ),
      toClient,
    )
    expect(response.headers.get('Content-Type')).toMatch('text/event-stream')
    expect(await readAll(readTurn<{ text: string }>(response))).toEqual({
      events: [
        { type: 'recovered', reason: 'stale', contextLost: true },
        { type: 'started', resumed: false },
        { type: 'message', message: { text: 'Grüße\n\n👋' } },
        { type: 'discard' },
        { type: 'done', usage, preview: 'Grüße' },
      ],
    })
  })

  it('send an error as our code and sentence, never its message or cause, and tell the server all of it', async () => {
    const cause = new Error('No conversation found with session ID: secret')
    for (const [error, code] of [
      [new LeftoffError('lease-lost', 'secret', { cause }), 'lease-lost'],
      [new LeftoffError('recovery-failed', 'secret', { cause }), 'recovery-failed'],
      [new LeftoffError('unreachable', 'secret', { cause }), 'turn-failed'],
      [cause, 'turn-failed'],
    ] as const) {
      const told: unknown[] = []
      const onError = (given: unknown) => told.push(given)
      const response = turnResponse(turn({ type: 'started', resumed: true }, error), toClient, { onError })
      const sent = await response.clone().text()
      expect(sent).not.toContain('secret')
      const { events, error: thrown } = await readAll(readTurn(response))
      expect(events).toEqual([{ type: 'started', resumed: true }])
      expect(thrown).toMatchObject({ name: 'LeftoffError', code })
      expect(told).toEqual([error])
    }
  })

  it('fail the turn and stop it when toClient throws', async () => {
    let isStopped = false
    async function* events(): AsyncGenerator<TurnEvent<Said>> {
      try {
        yield { type: 'message', message: { session: 'secret' } }
        yield { type: 'done' }
      } finally {
        isStopped = true
      }
    }
    const bug = new Error('bug')
    const told: unknown[] = []
    const response = turnResponse(
      events(),
      () => {
        throw bug
      },
      { onError: (error) => told.push(error) },
    )
    expect((await readAll(readTurn(response))).error).toMatchObject({ code: 'turn-failed' })
    expect(isStopped).toBe(true)
    expect(told).toEqual([bug])
  })

  it('start the agent only when someone reads', async () => {
    let isStarted = false
    async function* events(): AsyncGenerator<TurnEvent<Said>> {
      isStarted = true
      yield { type: 'done' }
    }
    const response = turnResponse(events(), toClient)
    await new Promise((resolve) => setTimeout(resolve))
    expect(isStarted).toBe(false)
    await readAll(readTurn(response))
    expect(isStarted).toBe(true)
  })

  it('end the turn when the reader goes away, also while the agent is silent', async () => {
    let wasReturned = false
    const silent: AsyncIterableIterator<TurnEvent<Said>> = {
      next: () => new Promise(() => {}),
      return: async () => {
        wasReturned = true
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => silent,
    }
    const reader = turnResponse(silent, toClient).body?.getReader()
    void reader?.read()
    await reader?.cancel()
    expect(wasReturned).toBe(true)
  })

  it('end the turn when the browser leaves its loop', async () => {
    let wasReturned = false
    async function* events(): AsyncGenerator<TurnEvent<Said>> {
      try {
        for (;;) yield { type: 'message', message: { session: 'secret', text: 'more' } }
      } finally {
        wasReturned = true
      }
    }
    for await (const event of readTurn(turnResponse(events(), toClient))) if (event.type === 'message') break
    await new Promise((resolve) => setTimeout(resolve))
    expect(wasReturned).toBe(true)
  })
})

describe('turnResponse', () => {
  /** Events that come when the test says so, and the response that sends them. */
  function silent() {
    const clock = manualClock()
    const told: unknown[] = []
    let settle: ((result: IteratorResult<TurnEvent<Said>, undefined>) => void) | undefined
    let fail: ((error: unknown) => void) | undefined
    let returns = 0
    const events: AsyncIterableIterator<TurnEvent<Said>> = {
      next: () =>
        new Promise((resolve, reject) => {
          settle = resolve
          fail = reject
        }),
      return: async () => {
        returns += 1
        settle?.({ done: true, value: undefined })
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => events,
    }
    const response = turnResponse(events, toClient, { clock, onError: (error) => told.push(error) })
    const reader = response.body?.getReader()
    if (!reader) throw new Error('a response with a body')
    return {
      clock,
      told,
      reader,
      returned: () => returns,
      emit: (value: TurnEvent<Said>) => settle?.({ done: false, value }),
      fail: (error: unknown) => fail?.(error),
      read: async () => new TextDecoder().decode((await reader.read()).value),
    }
  }

  const done = { type: 'done' } as const

  it('sends a comment after each 15 s of silence, so that no proxy cuts the connection', async () => {
    const { clock, emit, read } = silent()
    for (let n = 0; n < 3; n += 1) {
      let sent: string | undefined
      const reading = read().then((text) => {
        sent = text
      })
      await clock.advance(14_999)
      expect(sent).toBeUndefined()
      await clock.advance(1)
      await reading
      expect(sent).toBe(':\n\n')
    }
    const next = read()
    await clock.advance(14_000)
    emit(done)
    expect(await next).toBe(encodeWireEvent(done))
  })

  it('loses nothing that came between a comment and the next read', async () => {
    const { clock, emit, read } = silent()
    const comment = read()
    await clock.advance(15_000)
    expect(await comment).toBe(':\n\n')
    emit(done)
    await clock.advance(60_000)
    expect(await read()).toBe(encodeWireEvent(done))
  })

  it('has no timer left once an event was sent or the reader left', async () => {
    const { clock, emit, read, reader } = silent()
    const timers = new Set<() => void>()
    const setTimeout = clock.setTimeout
    clock.setTimeout = (run, ms) => {
      const cancel = setTimeout(run, ms)
      timers.add(cancel)
      return () => {
        timers.delete(cancel)
        cancel()
      }
    }
    const first = read()
    await clock.advance(0)
    emit(done)
    await first
    expect(timers.size).toBe(0)
    void reader.read()
    await clock.advance(0)
    expect(timers.size).toBe(1)
    await reader.cancel()
    await clock.advance(0)
    expect(timers.size).toBe(0)
  })

  it('reports nothing when its reader leaves, by the stream or by the signal', async () => {
    const left = silent()
    void left.reader.read()
    await left.clock.advance(0)
    await left.reader.cancel()
    await left.clock.advance(60_000)
    expect(left.returned()).toBe(1)
    expect(left.told).toEqual([])

    const aborted = silent()
    const sent = aborted.read()
    await aborted.clock.advance(0)
    aborted.fail(new LeftoffError('turn-interrupted', 'The reader of this turn went away.'))
    expect(await sent).toContain('turn-interrupted')
    expect(aborted.told).toEqual([])
  })

  it('continues when onError throws', async () => {
    const response = turnResponse(turn(new Error('boom')), toClient, {
      onError: () => {
        throw new Error('the log is down')
      },
    })
    expect((await readAll(readTurn(response))).error).toMatchObject({ code: 'turn-failed' })
  })
})

describe('readTurn', () => {
  it('throws turn-busy, with when to try again, for a busyResponse', async () => {
    const response = busyResponse({ ok: false, reason: 'busy', turn: other, retryAfterMs: 1_200 })
    expect(response.status).toBe(409)
    expect(response.headers.get('Retry-After')).toBe('2')
    expect(await response.clone().json()).toMatchObject({ code: 'turn-busy', retryAfterMs: 1_200 })
    const { events, error } = await readAll(readTurn(response))
    expect(events).toEqual([])
    expect(error).toMatchObject({ code: 'turn-busy', retryAfterMs: 1_200 })
  })

  it('throws turn-repeated for a turn that was answered before, and says what came of it to who asks', async () => {
    const response = busyResponse({ ok: false, reason: 'repeated', turn: { ...other, state: 'done' }, retryAfterMs: 0 })
    expect(response.status).toBe(409)
    expect(response.headers.get('Retry-After')).toBeNull()
    expect(await response.clone().json()).toMatchObject({ turnId: 'other', state: 'done' })
    expect((await readAll(readTurn(response))).error).toMatchObject({ code: 'turn-repeated' })
  })

  it('throws turn-busy for a repeat of a turn that still runs, and turn-failed for another message under its id', async () => {
    const running = busyResponse({ ok: false, reason: 'repeated', turn: other, retryAfterMs: 900 })
    expect((await readAll(readTurn(running))).error).toMatchObject({ code: 'turn-busy', retryAfterMs: 900 })
    const changed = busyResponse({ ok: false, reason: 'other-message', turn: other, retryAfterMs: 900 })
    expect(changed.status).toBe(422)
    expect((await readAll(readTurn(changed))).error).toMatchObject({ code: 'turn-failed' })
  })

  it('throws turn-failed with the status for any other response that is not ok', async () => {
    for (const status of [401, 409, 500]) {
      const { error } = await readAll(readTurn(new Response('<h1>No</h1>', { status })))
      expect(error).toMatchObject({ code: 'turn-failed', message: expect.stringContaining(`${status}`) })
    }
  })

  it.each([
    ['without done', encodeWireEvent({ type: 'started', resumed: true })],
    ['in the middle of an event', encodeWireEvent({ type: 'done' }).slice(0, -1)],
    ['before it began', ''],
  ])('throws turn-interrupted when the stream ends %s', async (_, sent) => {
    expect((await readAll(readTurn(new Response(sent)))).error).toMatchObject({ code: 'turn-interrupted' })
    expect((await readAll(readTurn(new Response(null)))).error).toMatchObject({ code: 'turn-interrupted' })
  })

  it('throws turn-interrupted with the cause when the connection breaks, but not once the turn is done', async () => {
    const broken = new TypeError('network error')
    const breaking = (...sent: WireEvent<unknown>[]) => {
      const chunks = sent.map((event) => new TextEncoder().encode(encodeWireEvent(event)))
      return new Response(
        new ReadableStream({
          pull(controller) {
            const chunk = chunks.shift()
            if (chunk) controller.enqueue(chunk)
            else controller.error(broken)
          },
        }),
      )
    }
    const { events, error } = await readAll(readTurn(breaking({ type: 'started', resumed: true })))
    expect(events).toHaveLength(1)
    expect(error).toMatchObject({ code: 'turn-interrupted', cause: broken })
    expect(await readAll(readTurn(breaking({ type: 'done' })))).toEqual({ events: [{ type: 'done' }] })
  })

  it('says what it got if that is not a turn: a page of HTML, JSON', async () => {
    for (const type of ['text/html; charset=utf-8', 'application/json']) {
      const page = new Response('<h1>Sign in</h1>', { headers: { 'Content-Type': type } })
      const { error } = await readAll(readTurn(page))
      expect(error).toMatchObject({ code: 'turn-failed', message: expect.stringContaining(type) })
      expect(page.body?.locked).toBe(true)
    }
  })

  it('reads the text where a response has no body, as in React Native', async () => {
    const sent = encodeWireEvent({ type: 'started', resumed: true }) + encodeWireEvent({ type: 'done' })
    const response = Object.defineProperty(new Response(sent), 'body', { value: undefined })
    expect((await readAll(readTurn(response))).events.map(({ type }) => type)).toEqual(['started', 'done'])
  })

  it('returns at once while the agent is silent, and a read that waits ends without an error', async () => {
    let wasCancelled = false
    const silent = new ReadableStream({
      cancel() {
        wasCancelled = true
      },
    })
    const events = readTurn(new Response(silent))
    const next = events.next()
    await events.return()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(wasCancelled).toBe(true)
  })

  it('passes over comments, other fields and events it does not know', async () => {
    const sent = `: ping\n\nid: 7\r\nevent: x\r\ndata: {"type":"from-the-future"}\r\n\r\ndata: not json\n\ndata:{"type":"done"}\r\n\r\n`
    expect(await readAll(readTurn(new Response(sent)))).toEqual({ events: [{ type: 'done' }] })
  })
})

describe('the wire format', () => {
  const event: fc.Arbitrary<WireEvent<unknown>> = fc.oneof(
    fc.record({ type: fc.constant('started' as const), resumed: fc.boolean() }),
    fc.record({ type: fc.constant('message' as const), message: fc.jsonValue({ depthSize: 'small' }) }),
    fc.record({ type: fc.constant('message' as const), message: fc.string({ unit: 'binary' }) }),
    fc.record({ type: fc.constant('done' as const), preview: fc.string({ unit: 'grapheme' }) }),
  )

  it('gives the same events however the bytes are cut, also inside a character', () => {
    const property = fc.property(
      fc.array(event, { maxLength: 8 }),
      fc.array(fc.nat(40), { maxLength: 200 }),
      (events, cuts) => {
        const bytes = new TextEncoder().encode(events.map((event) => encodeWireEvent(event)).join(''))
        const parseFrames = createSseParser()
        const parse = (piece: Uint8Array) => parseFrames(piece).flatMap(({ data }) => parseWireEvent(data) ?? [])
        const parsed: WireEvent<unknown>[] = []
        let from = 0
        for (const cut of [...cuts, bytes.length]) {
          parsed.push(...parse(bytes.subarray(from, from + cut)))
          from += cut
        }
        // As JSON, which has no -0 and no lone surrogates in UTF-8.
        expect(parsed).toEqual(events.map((sent) => JSON.parse(JSON.stringify(sent))))
      },
    )
    fc.assert(property, { numRuns: 300 })
  })
})
