import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createStreamParser, type TurnStreamEvent } from '../../../src/core/turn-stream.js'
import { createPieceEncoder } from '../../../src/server/handler/encode-piece.js'
import { streamResponse } from '../../../src/server/handler/stream-response.js'
import { createTurnFeed } from '../../../src/server/handler/turn-feed.js'
import type { LoggedEvent } from '../../../src/server/turn-log.js'
import { manualClock } from '../../../src/testing/manual-clock.js'
import { textOf } from './handler-setup.js'

const event: fc.Arbitrary<TurnStreamEvent> = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }).map((text) => ({ type: 'text' as const, text })),
  fc.jsonValue().map((data) => ({ type: 'data' as const, data })),
  fc.nat({ max: 20 }).map((keep) => ({ type: 'discard' as const, keep })),
)
const logged = (events: readonly TurnStreamEvent[]): LoggedEvent[] =>
  events.map((event, index) => ({ seq: index + 1, event: JSON.stringify(event), last: false }))

/** Cuts into pieces of the given sizes. */
function cut<T>(items: readonly T[], sizes: readonly number[]): T[][] {
  const pieces: T[][] = []
  let rest = [...items]
  for (const size of sizes) {
    pieces.push(rest.slice(0, size))
    rest = rest.slice(size)
  }
  return [...pieces, rest].filter((piece) => piece.length > 0)
}

describe('pieces of a turn', () => {
  it('show the same however they are cut, with adjacent text in one event', () => {
    fc.assert(
      fc.property(fc.array(event), fc.array(fc.nat({ max: 5 })), (events, sizes) => {
        const encode = createPieceEncoder('t', 0)
        const parse = createStreamParser()
        const seen = cut(logged(events), sizes).flatMap((piece) => {
          const read = parse(encode(piece))
          read.forEach(({ event }, index) => {
            expect(event.type === 'text' && read[index + 1]?.event.type === 'text').toBe(false)
          })
          return read
        })
        expect(textOf(seen.map(({ event }) => event))).toBe(textOf(events))
        const data = (all: readonly TurnStreamEvent[]) => JSON.stringify(all.filter(({ type }) => type === 'data'))
        expect(data(seen.map(({ event }) => event))).toBe(data(events))
        if (events.length > 0) expect(seen.at(-1)?.seq).toBe(events.length)
      }),
    )
  })

  it('say where something is missing, before what follows it', () => {
    const encode = createPieceEncoder('t', 2)
    const all = logged(Array.from({ length: 9 }, (_, n) => ({ type: 'text' as const, text: `${n + 1}` })))
    const piece = all.filter(({ seq }) => seq > 2 && seq !== 5 && seq !== 6)
    const seen = createStreamParser()(encode(piece))
    expect(seen).toEqual([
      { turnId: 't', seq: 4, event: { type: 'text', text: '34' } },
      { turnId: 't', seq: 6, event: { type: 'missed' } },
      { turnId: 't', seq: 9, event: { type: 'text', text: '789' } },
    ])
  })
})

describe('the stream of a turn', () => {
  it('sends a comment in a silence of 15 s, and loses nothing that came between it and the next read', async () => {
    const clock = manualClock()
    const feed = createTurnFeed({ older: async () => undefined, onRead: () => {} })
    const reader = streamResponse(feed.read(0), { turnId: 't', after: 0, clock }).body?.getReader()
    const read = async () => new TextDecoder().decode((await reader?.read())?.value)
    const first = read()
    await clock.advance(15_000)
    expect(await first).toBe(':\n\n')
    feed.push({ type: 'text', text: 'Hello' })
    feed.wake()
    await clock.advance(1_000)
    expect(await read()).toContain('Hello')
    feed.push({ type: 'done', kept: true }, true)
    expect(await read()).toContain('done')
    expect(await reader?.read()).toMatchObject({ done: true })
  })
})

describe('the feed of a turn', () => {
  it('gives a reader who is far behind the beginning from the log, and the rest from memory, each once', async () => {
    const text = 'x'.repeat(100_000)
    const written: LoggedEvent[] = []
    const feed = createTurnFeed({
      older: async (after) =>
        (async function* () {
          for (const event of written) if (event.seq > after) yield [event]
        })(),
      onRead: () => {},
    })
    const slow = feed.read(0)
    for (let n = 0; n < 60; n += 1) {
      written.push(feed.push({ type: 'text', text }))
      feed.release(n + 1)
    }
    const late = feed.read(10)
    feed.push({ type: 'done', kept: true }, true)
    for (const [reader, first] of [
      [slow, 1],
      [late, 11],
    ] as const) {
      const seen: number[] = []
      for (let piece = await reader.next(); piece; piece = await reader.next())
        seen.push(...piece.map(({ seq }) => seq))
      expect(seen).toEqual(Array.from({ length: 62 - first }, (_, n) => first + n))
    }
  })

  it('skips what neither has', async () => {
    const feed = createTurnFeed({ older: () => Promise.reject(new Error('down')), onRead: () => {} })
    feed.release(Number.POSITIVE_INFINITY)
    const reader = feed.read(0)
    for (let n = 0; n < 60; n += 1) feed.push({ type: 'text', text: 'x'.repeat(100_000) })
    const piece = await reader.next()
    expect(piece?.[0]?.seq).toBeGreaterThan(1)
    expect(piece?.at(-1)?.seq).toBe(60)
  })
})
