import { describe, expect, it } from 'vitest'
import type { TurnStreamEvent } from '../../../src/core/turn-stream.js'
import type { TurnAnswer } from '../../../src/server/handler/turn-handler.js'
import { init, never, ok, scriptedAgent, text, untilAborted } from '../scripted-agent.js'
import { ask, post, reading, setUpHandler } from './handler-setup.js'

const answer = [init('s1'), text('Hello'), ok('s1')]
const ends: readonly TurnStreamEvent['type'][] = ['done', 'stopped', 'error']

describe('no reader gets the end before the answer is stored', () => {
  it.each([
    ['done', undefined],
    ['stopped', 'stop'],
    ['failed', 'fail'],
  ] as const)('when the turn is %s: the sender, a second reader, and one elsewhere', async (outcome, how) => {
    let fail: (error: Error) => void = () => {}
    const failing = new Promise<never>((_, reject) => {
      fail = reject
    })
    failing.catch(() => {})
    let store = () => {}
    const calls: TurnAnswer[] = []
    const agent = scriptedAgent((request) =>
      how === undefined ? answer : [init('s1'), text('Hello'), how === 'fail' ? failing : untilAborted(request)],
    )
    const setup = setUpHandler(agent, {
      onAnswer: (given) => {
        calls.push(given)
        return new Promise<void>((resolve) => {
          store = resolve
        })
      },
    })
    const sent = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    const second = reading(await setup.handler.GET(ask('GET', { turnId: 't1' })))
    const elsewhere = reading(await setup.another(agent).GET(ask('GET', { turnId: 't1' })))
    await setup.clock.advance(100)
    if (how === 'stop') await setup.handler.DELETE(ask('DELETE', { turnId: 't1' }))
    if (how === 'fail') fail(new Error('503'))
    await setup.clock.advance(9_000)
    expect(calls).toHaveLength(1)
    expect(calls[0]).toMatchObject({ outcome, text: 'Hello' })
    // A page that comes now follows: 204 would have it load messages that lack the answer.
    expect((await setup.handler.GET(ask('GET'))).status).toBe(200)
    const readers = [sent, second, elsewhere]
    for (const read of readers) expect(read.events().some(({ type }) => ends.includes(type))).toBe(false)
    store()
    await setup.clock.advance(3_000)
    for (const read of readers) expect(ends).toContain(read.events().at(-1)?.type)
    expect((await setup.handler.GET(ask('GET'))).status).toBe(204)
  })

  it('when the reader has gone, and when it reads nothing until the end', async () => {
    const setup = setUpHandler(scriptedAgent(answer))
    const gone = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    const slow = await setup.handler.GET(ask('GET', { turnId: 't1' }))
    gone.cancel()
    await setup.clock.advance(60_000)
    expect(setup.answers.get('t1.answer')).toMatchObject({ outcome: 'done' })
    const read = reading(slow)
    await setup.clock.advance(0)
    expect(read.text()).toBe('Hello')
    expect(read.events().at(-1)).toMatchObject({ type: 'done', kept: true })
  })
})

describe('an answer that the app cannot store', () => {
  it('is tried three times, then the reader hears that it is not kept, and the app of each try', async () => {
    let tries = 0
    const setup = setUpHandler(scriptedAgent(answer), {
      onAnswer: () => {
        tries += 1
        throw new Error(`try ${tries}`)
      },
    })
    const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(5_000)
    expect(tries).toBe(3)
    expect(read.events().at(-1)).toMatchObject({ type: 'done', kept: false })
    expect(setup.errors).toHaveLength(3)
    expect((await setup.handler.GET(ask('GET'))).status).toBe(204)
  })

  it('is kept if a later try works', async () => {
    let tries = 0
    const setup = setUpHandler(scriptedAgent(answer), {
      onAnswer: async () => {
        tries += 1
        if (tries < 3) throw new Error('not yet')
      },
    })
    const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(5_000)
    expect(read.events().at(-1)).toMatchObject({ type: 'done', kept: true })
  })

  it('by silence ends after three times ten seconds, each aborted', async () => {
    const signals: AbortSignal[] = []
    const setup = setUpHandler(scriptedAgent(answer), {
      onAnswer: ({ signal }) => {
        signals.push(signal)
        return never
      },
    })
    const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(35_000)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true])
    expect(read.events().at(-1)).toMatchObject({ type: 'done', kept: false })
  })
})

describe('an answer of which nothing was shown', () => {
  it('is not stored, however the turn ends', async () => {
    for (const script of [
      [init('s1'), ok('s1')],
      [init('s1'), new Error('503')],
      [init('s1'), text('Hel'), { type: 'retry' } as const, new Error('503')],
    ]) {
      const setup = setUpHandler(scriptedAgent(script), { toClient: () => undefined })
      await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
      await setup.clock.advance(1_000)
      expect(setup.calls.filter((call) => call.startsWith('answer'))).toEqual([])
    }
  })
})

describe('what the person saw is what is stored', () => {
  it('text and data by toClient, in order; with data only the text that the driver finds', async () => {
    const both = setUpHandler(scriptedAgent(answer), {
      toClient: (message) =>
        message.type === 'text' ? { text: message.text.toUpperCase(), data: { n: 1 } } : undefined,
    })
    const read = reading(await both.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await both.clock.advance(1_000)
    expect(read.text()).toBe('HELLO')
    expect(both.answers.get('t1.answer')).toMatchObject({ text: 'HELLO', data: [{ n: 1 }] })

    const dataOnly = setUpHandler(scriptedAgent(answer), {
      toClient: (message) => (message.type === 'text' ? { data: message.text } : undefined),
    })
    await dataOnly.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    await dataOnly.clock.advance(1_000)
    expect(dataOnly.answers.get('t1.answer')).toMatchObject({ text: 'Hello', data: ['Hello'] })
  })

  it('says when the agent answered without the earlier messages', async () => {
    const setup = setUpHandler(scriptedAgent(answer), { hasHistory: () => true })
    const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(1_000)
    expect(read.events()).toContainEqual({ type: 'recovered', reason: 'unknown', contextLost: true })
    expect(setup.answers.get('t1.answer')).toMatchObject({ contextLost: true })
  })

  it('a toClient that throws fails the turn, keeps what was shown, and its words stay here', async () => {
    const setup = setUpHandler(scriptedAgent([init('s1'), text('Hel'), text('secret'), ok('s1')]), {
      toClient: (message) => {
        if (message.type !== 'text') return undefined
        if (message.text === 'secret') throw new Error('secret')
        return { text: message.text }
      },
    })
    const response = await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    await setup.clock.advance(1_000)
    const sent = response.text()
    expect(await sent).not.toContain('secret')
    expect(await sent).toContain('turn-failed')
    expect(setup.answers.get('t1.answer')).toMatchObject({ text: 'Hel', outcome: 'failed' })
    expect(setup.errors).toHaveLength(1)
  })
})
