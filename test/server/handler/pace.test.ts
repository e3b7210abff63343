import { describe, expect, it } from 'vitest'
import { init, type Message, ok, scriptedAgent, text, untilAborted } from '../scripted-agent.js'
import { ask, post, reading, setUpHandler } from './handler-setup.js'

/** An agent that says 100 kB a piece, as fast as it is asked, and how often it was. */
function talker(pieces: number) {
  let asked = 0
  async function* run(): AsyncGenerator<Message> {
    yield init('s1')
    for (let n = 0; n < pieces; n += 1) {
      asked += 1
      yield text(`${n}${'x'.repeat(100_000)}`)
    }
    yield ok('s1')
  }
  return { run, asked: () => asked }
}

describe('what the agent says', () => {
  it('goes out at once after a pause, together within 33 ms, and before the end without waiting', async () => {
    const setup = setUpHandler(scriptedAgent(), { run })
    async function* run(): AsyncGenerator<Message> {
      yield init('s1')
      for (const [ms, words] of [
        [100, 'a'],
        [10, 'b'],
        [10, 'c'],
        [100, 'd'],
        [1, 'e'],
      ] as const) {
        await new Promise<void>((resolve) => setup.clock.setTimeout(resolve, ms))
        yield text(words)
      }
      yield ok('s1')
    }
    const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    const texts = () => read.events().flatMap((event) => (event.type === 'text' ? [event.text] : []))
    for (const [ms, seen] of [
      [100, 'a'],
      [20, 'a'],
      [13, 'a|bc'],
      [87, 'a|bc|d'],
      [1, 'a|bc|d|e'],
    ] as const) {
      await setup.clock.advance(ms)
      expect(texts().join('|')).toBe(seen)
    }
    await setup.clock.advance(0)
    expect(read.events().at(-1)).toMatchObject({ type: 'done', kept: true })
  })
})

describe('an agent that is faster than the log', () => {
  it('is asked for more only while less than 1 MB waits', async () => {
    const { run, asked } = talker(50)
    const waiting: (() => void)[] = []
    const setup = setUpHandler(
      scriptedAgent(),
      { run },
      {
        log: (log) => ({
          append: async (...event) => {
            await new Promise<void>((resolve) => waiting.push(resolve))
            return log.append(...event)
          },
        }),
      },
    )
    await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    await setup.clock.advance(1_000)
    expect(asked()).toBeGreaterThan(5)
    expect(asked()).toBeLessThan(15)
    while (asked() < 50 || waiting.length > 0) {
      for (const resolve of waiting.splice(0)) resolve()
      await setup.clock.advance(10)
    }
    await setup.clock.advance(1_000)
    expect(setup.answers.get('t1.answer')?.text.length).toBeGreaterThan(5_000_000)
    const read = reading(await setup.another(scriptedAgent()).GET(ask('GET', { turnId: 't1' })))
    await setup.clock.advance(1_000)
    expect(read.text()).toBe(setup.answers.get('t1.answer')?.text)
  })

  it('is not held by a log that never answers for more than six seconds', async () => {
    const { run, asked } = talker(50)
    const log = { append: () => new Promise<never>(() => {}) }
    const setup = setUpHandler(scriptedAgent(), { run }, { log: () => log })
    await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    await setup.clock.advance(5_000)
    expect(asked()).toBeLessThan(15)
    await setup.clock.advance(2_000)
    expect(asked()).toBe(50)
    expect(setup.answers.get('t1.answer')).toMatchObject({ outcome: 'done' })
  })

  it('is not held by a reader who does not read: that one gets the rest in one piece from the log', async () => {
    const { run, asked } = talker(50)
    const setup = setUpHandler(scriptedAgent(), { run })
    const response = await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    await setup.clock.advance(1_000)
    expect(asked()).toBe(50)
    const read = reading(response)
    await setup.clock.advance(1_000)
    expect(read.text()).toBe(setup.answers.get('t1.answer')?.text)
    expect(read.events().at(-1)?.type).toBe('done')
  })
})

describe('without a log', () => {
  it('a turn stops when its last reader leaves, and keeps what it wrote', async () => {
    const agent = scriptedAgent((request) => [init('s1'), text('Hello'), untilAborted(request)])
    const setup = setUpHandler(agent, { log: false })
    const first = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    const second = reading(await setup.handler.GET(ask('GET', { turnId: 't1' })))
    await setup.clock.advance(100)
    expect(second.text()).toBe('Hello')
    first.cancel()
    await setup.clock.advance(1_000)
    expect(setup.answers.size).toBe(0)
    second.cancel()
    await setup.clock.advance(1_000)
    expect(setup.answers.get('t1.answer')).toMatchObject({ text: 'Hello', outcome: 'stopped' })
    expect((await setup.handler.GET(ask('GET'))).status).toBe(204)
  })

  it('with continue it runs to its end', async () => {
    const { run } = talker(3)
    const setup = setUpHandler(scriptedAgent(), { run, log: false, onDisconnect: 'continue' })
    reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))).cancel()
    await setup.clock.advance(1_000)
    expect(setup.answers.get('t1.answer')).toMatchObject({ outcome: 'done' })
  })

  it('the reader sets the pace; one who reads nothing for a minute has left', async () => {
    const { run, asked } = talker(50)
    const setup = setUpHandler(scriptedAgent(), { run, log: false })
    await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    await setup.clock.advance(59_000)
    expect(asked()).toBeLessThan(15)
    expect(setup.answers.size).toBe(0)
    await setup.clock.advance(2_000)
    expect(setup.answers.get('t1.answer')).toMatchObject({ outcome: 'stopped' })
  })

  it('a page that comes back elsewhere waits, and hears the outcome', async () => {
    const agent = scriptedAgent((request) => [init('s1'), text('Hello'), untilAborted(request)])
    const setup = setUpHandler(agent, { log: false })
    const sent = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    const elsewhere = reading(await setup.another(agent).GET(ask('GET')))
    await setup.clock.advance(20_000)
    expect(elsewhere.isOver()).toBe(false)
    sent.cancel()
    await setup.clock.advance(5_000)
    expect(elsewhere.events()).toEqual([{ type: 'missed' }, { type: 'stopped' }])
  })
})
