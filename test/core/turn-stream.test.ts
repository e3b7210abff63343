import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSseParser } from '../../src/core/sse.js'
import { parseRefusal, turnQuery } from '../../src/core/turn-requests.js'
import {
  createStreamParser,
  encodeSentEvent,
  isTurnEnd,
  parseStreamEvent,
  type SentEvent,
  type TurnStreamEvent,
} from '../../src/core/turn-stream.js'

const usage = fc.record(
  { input: fc.nat(), output: fc.nat(), cacheRead: fc.nat(), cacheWrite: fc.nat() },
  { requiredKeys: ['input', 'output'], noNullPrototype: true },
)
const anyText = fc.string({ unit: 'binary' })
const plain = { noNullPrototype: true }
const event: fc.Arbitrary<TurnStreamEvent> = fc.oneof(
  fc.record(
    { type: fc.constant('turn' as const), turnId: fc.uuid(), messageId: fc.uuid(), message: fc.jsonValue() },
    plain,
  ),
  fc.record(
    {
      type: fc.constant('recovered' as const),
      reason: fc.constantFrom('stale' as const, 'expired' as const, 'fresh' as const),
      contextLost: fc.boolean(),
    },
    plain,
  ),
  fc.record({ type: fc.constant('started' as const), resumed: fc.boolean() }, plain),
  fc.record({ type: fc.constant('text' as const), text: anyText }, plain),
  fc.record({ type: fc.constant('data' as const), data: fc.jsonValue() }, plain),
  fc.record({ type: fc.constant('discard' as const), keep: fc.nat() }, plain),
  fc.record(
    { type: fc.constant('done' as const), usage, kept: fc.boolean() },
    { requiredKeys: ['type', 'kept'], noNullPrototype: true },
  ),
  fc.record(
    {
      type: fc.constant('error' as const),
      code: fc.constantFrom('turn-failed' as const, 'turn-interrupted' as const, 'lease-lost' as const),
      canStartFresh: fc.constant(true),
      retryAfterMs: fc.nat(),
    },
    { requiredKeys: ['type', 'code'], noNullPrototype: true },
  ),
  fc.constantFrom({ type: 'missed' as const }, { type: 'stopped' as const }),
)

const encode = ({ turnId, seq, event }: SentEvent) => encodeSentEvent(turnId, seq, JSON.stringify(event))

describe('the stream of a turn', () => {
  it('arrives as it was sent, in whatever pieces', () => {
    const sent = fc.record({ turnId: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), seq: fc.nat(), event }, plain)
    fc.assert(
      fc.property(fc.array(sent), fc.array(fc.nat({ max: 40 })), (events, cuts) => {
        const bytes = new TextEncoder().encode(events.map(encode).join(''))
        const parse = createStreamParser()
        const seen: SentEvent[] = []
        let start = 0
        for (const cut of [...cuts, bytes.length]) {
          seen.push(...parse(bytes.subarray(start, start + cut)))
          start += cut
        }
        seen.push(...parse(bytes.subarray(start)))
        // As JSON: -0 and undefined are not.
        expect(JSON.stringify(seen)).toBe(JSON.stringify(events))
      }),
    )
  })

  it('keeps a text within its own event, whatever it holds', () => {
    const text = 'a\n\nid: other/1\ndata: {"type":"done","kept":true}\r\n\r\u2028\0\ud83d'
    const frame = encode({ turnId: 't', seq: 3, event: { type: 'text', text } })
    expect(frame.match(/\n/g)).toHaveLength(3)
    expect(createStreamParser()(new TextEncoder().encode(frame))).toEqual([
      { turnId: 't', seq: 3, event: { type: 'text', text } },
    ])
  })

  it('passes over comments, events without an id of ours, and what it does not know', () => {
    const frames = [
      ':\n\n',
      'data: {"type":"done"}\n\n',
      'id: t/x\ndata: {"type":"done"}\n\n',
      'id: t/1\nevent: x\r\ndata: {"type":"from-the-future"}\r\n\r\n',
      'id: t/2\ndata: not json\n\n',
      'id: t/3\ndata:{"type":"stopped"}\r\n\r\n',
    ]
    expect(createStreamParser()(new TextEncoder().encode(frames.join('')))).toEqual([
      { turnId: 't', seq: 3, event: { type: 'stopped' } },
    ])
  })

  it('takes nothing half: wrong fields are left out, or the event is', () => {
    expect(parseStreamEvent('{"type":"text"}')).toBeUndefined()
    expect(parseStreamEvent('{"type":"turn","turnId":1,"messageId":"m"}')).toBeUndefined()
    expect(parseStreamEvent('{"type":"discard","keep":"all"}')).toEqual({ type: 'discard', keep: 0 })
    expect(parseStreamEvent('{"type":"done","usage":{"input":-1,"output":2}}')).toEqual({ type: 'done', kept: true })
    expect(parseStreamEvent('{"type":"error","code":"made-up","message":"secret"}')).toEqual({
      type: 'error',
      code: 'turn-failed',
    })
    for (const json of ['null', '[]', '1', '{}', '{"type":"__proto__"}']) {
      expect(parseStreamEvent(json)).toBeUndefined()
    }
  })

  it('ends with done, stopped or error', () => {
    fc.assert(fc.property(event, (e) => isTurnEnd(e) === ['done', 'stopped', 'error'].includes(e.type)))
  })

  it('is read once: an event of 8 MB in pieces of 1 kB takes no longer than one of the same size in one piece', () => {
    const text = 'x'.repeat(8 * 1024 * 1024)
    const bytes = new TextEncoder().encode(encode({ turnId: 't', seq: 1, event: { type: 'text', text } }))
    const parse = createStreamParser()
    const seen: SentEvent[] = []
    const startedAt = performance.now()
    for (let at = 0; at < bytes.length; at += 1024) seen.push(...parse(bytes.subarray(at, at + 1024)))
    // Milliseconds on any machine; reading it anew with each piece takes half a minute.
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect(seen).toHaveLength(1)
  })

  it('is bounded: an event that never ends is refused', () => {
    const parse = createSseParser(100)
    parse(new TextEncoder().encode(`data: ${'x'.repeat(90)}`))
    expect(() => parse(new TextEncoder().encode('x'.repeat(20)))).toThrow('more than 100 characters')
    const many = createSseParser(100)
    expect(() => {
      for (let n = 0; n < 20; n += 1) many(new TextEncoder().encode('data: xxxxxxxx\n'))
    }).toThrow('more than 100 characters')
  })
})

describe('requests and refusals', () => {
  it('an address holds ids of any kind', () => {
    const query = turnQuery({ workspace: 'a&b=c', conversationId: 'ä ?#', turnId: 't', after: 7 })
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
      workspace: 'a&b=c',
      conversationId: 'ä ?#',
      turnId: 't',
      after: '7',
    })
    expect(turnQuery({ workspace: 'w', conversationId: 'c' })).toBe('workspace=w&conversationId=c')
  })

  it('a refusal is ours only if its code is', () => {
    const busy = { code: 'turn-busy', message: 'Busy.', turnId: 't', state: 'running', retryAfterMs: 5 }
    expect(parseRefusal({ ...busy, more: 1 })).toEqual(busy)
    expect(parseRefusal({ code: 'not-started' })).toEqual({ code: 'not-started', message: 'not-started' })
    for (const other of [undefined, null, 'turn-busy', { error: 'Sign in.' }, { code: 'constructor' }]) {
      expect(parseRefusal(other)).toBeUndefined()
    }
  })
})
