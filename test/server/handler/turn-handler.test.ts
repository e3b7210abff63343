import { describe, expect, it } from 'vitest'
import { init, ok, scriptedAgent, text, untilAborted } from '../scripted-agent.js'
import { ask, conversation, post, reading, setUpHandler } from './handler-setup.js'

const answer = [init('s1'), text('Hello'), text(' Ada'), ok('s1')]
const usage = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }

/** Something that a test lets happen. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

describe('POST', () => {
  it('streams the question, the answer and its end, stored in between', async () => {
    const setup = setUpHandler(scriptedAgent(answer))
    const response = await setup.handler.POST(post({ turnId: 't1', messageId: 'm1', message: 'Hi' }))
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toMatch('text/event-stream')
    expect(response.headers.get('Cache-Control')).toMatch('no-store')
    const read = reading(response)
    await setup.clock.advance(1_000)
    expect(read.events()).toEqual([
      { type: 'turn', turnId: 't1', messageId: 'm1', message: 'Hi' },
      { type: 'started', resumed: false },
      { type: 'text', text: expect.any(String) },
      ...read.events().slice(3),
    ])
    expect(read.text()).toBe('Hello Ada')
    expect(read.events().at(-1)).toEqual({ type: 'done', usage, kept: true })
    expect(read.isOver()).toBe(true)
    expect(setup.calls).toEqual(['question m1', 'agent Hi', 'answer m1.answer done'])
    expect(setup.answers.get('m1.answer')).toMatchObject({
      ...conversation,
      userId: 'ada',
      turnId: 't1',
      messageId: 'm1',
      text: 'Hello Ada',
      data: [],
      usage,
      outcome: 'done',
      contextLost: false,
    })
    expect(setup.errors).toEqual([])
  })

  it('runs on when its reader leaves, and stores the answer', async () => {
    const { opened, open } = gate()
    const setup = setUpHandler(scriptedAgent([init('s1'), text('Hello'), opened, text(' Ada'), ok('s1')]))
    const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(0)
    read.cancel()
    await setup.clock.advance(60_000)
    open()
    await setup.clock.advance(1_000)
    expect(setup.answers.get('t1.answer')).toMatchObject({ text: 'Hello Ada', outcome: 'done' })
    expect((await setup.handler.GET(ask('GET'))).status).toBe(204)
  })

  it('with a known turn follows it while it runs, and replays it afterwards; the agent starts once', async () => {
    const { opened, open } = gate()
    const agent = scriptedAgent([init('s1'), text('Hello'), opened, text(' Ada'), ok('s1')])
    const setup = setUpHandler(agent)
    const send = () => setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    const first = reading(await send())
    await setup.clock.advance(0)
    const second = reading(await send())
    const elsewhere = reading(await setup.another(agent).POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(2_500)
    expect(elsewhere.text()).toBe('Hello')
    open()
    await setup.clock.advance(1_000)
    const later = reading(await send())
    await setup.clock.advance(1_000)
    for (const read of [first, second, elsewhere, later]) {
      expect(read.text()).toBe('Hello Ada')
      expect(read.events()[0]).toMatchObject({ type: 'turn', message: 'Hi' })
      expect(read.events().filter(({ type }) => type === 'done')).toHaveLength(1)
      expect(read.isOver()).toBe(true)
    }
    expect(agent.requests).toHaveLength(1)
  })

  it('with a known turn whose log is gone answers with the question, `missed` and the outcome', async () => {
    const setup = setUpHandler(scriptedAgent(answer))
    reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(10 * 60_000)
    const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(5_000)
    expect(read.events()).toEqual([
      { type: 'turn', turnId: 't1', messageId: 't1', message: 'Hi' },
      { type: 'missed' },
      { type: 'done', kept: true },
    ])
  })

  it('refuses another message under the same turn, while it runs, elsewhere and afterwards', async () => {
    const setup = setUpHandler(scriptedAgent((request) => [init('s1'), untilAborted(request)]))
    await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    const other = post({ turnId: 't1', message: 'Hi!' })
    for (const handler of [setup.handler, setup.another(scriptedAgent())]) {
      const response = await handler.POST(other.clone())
      expect(response.status).toBe(422)
      expect(await response.json()).toMatchObject({ code: 'other-message' })
    }
  })

  it('answers 409 with the turn that has the conversation', async () => {
    const setup = setUpHandler(scriptedAgent((request) => [init('s1'), untilAborted(request)]))
    await setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    const response = await setup.handler.POST(post({ turnId: 't2', message: 'Hi' }))
    expect(response.status).toBe(409)
    expect(response.headers.get('Retry-After')).toBe('2')
    expect(await response.json()).toMatchObject({
      code: 'turn-busy',
      turnId: 't1',
      state: 'running',
      retryAfterMs: 2000,
    })
  })

  it('sends a new turn under the same message after a failure, as a retry', async () => {
    const agent = scriptedAgent([init('s1'), text('Hel'), new Error('503')], answer)
    const setup = setUpHandler(agent)
    const first = reading(await setup.handler.POST(post({ turnId: 't1', messageId: 'm1', message: 'Hi' })))
    await setup.clock.advance(1_000)
    expect(first.events().at(-1)).toMatchObject({ type: 'error', code: 'turn-failed' })
    expect(setup.answers.get('m1.answer')).toMatchObject({ text: 'Hel', outcome: 'failed' })
    const second = reading(await setup.handler.POST(post({ turnId: 't2', messageId: 'm1', message: 'Hi' })))
    await setup.clock.advance(1_000)
    expect(second.text()).toBe('Hello Ada')
    expect(setup.answers.get('m1.answer')).toMatchObject({ text: 'Hello Ada', outcome: 'done', turnId: 't2' })
    expect(setup.errors).toHaveLength(1)
  })

  it('ends a turn that takes too long as failed, with what it wrote', async () => {
    const agent = scriptedAgent((request) => [init('s1'), text('Hel'), untilAborted(request)])
    const setup = setUpHandler(agent, { maxTurnMs: 60_000 })
    const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(61_000)
    expect(setup.answers.get('t1.answer')).toMatchObject({ text: 'Hel', outcome: 'failed', reason: 'too-long' })
    expect(read.events().at(-1)).toEqual({ type: 'error', code: 'turn-failed' })
  })
})

describe('GET', () => {
  it('attaches to the running turn, with its question, from where the page stands', async () => {
    const { opened, open } = gate()
    const setup = setUpHandler(scriptedAgent([init('s1'), text('Hello'), opened, text(' Ada'), ok('s1')]))
    const sent = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(0)
    const attached = reading(await setup.handler.GET(ask('GET')))
    const elsewhere = reading(await setup.another(scriptedAgent()).GET(ask('GET')))
    await setup.clock.advance(300)
    const after = sent.seen.at(-1)?.seq ?? 0
    const again = reading(await setup.handler.GET(ask('GET', { turnId: 't1', after })))
    open()
    await setup.clock.advance(2_000)
    for (const read of [attached, elsewhere]) {
      expect(read.events()[0]).toEqual({ type: 'turn', turnId: 't1', messageId: 't1', message: 'Hi' })
      expect(read.text()).toBe('Hello Ada')
    }
    expect(again.text()).toBe(' Ada')
    expect(again.events().at(-1)?.type).toBe('done')
  })

  it('has nothing to follow when no turn runs, and knows no turn that never was', async () => {
    const setup = setUpHandler(scriptedAgent(answer))
    expect((await setup.handler.GET(ask('GET'))).status).toBe(204)
    const unknown = await setup.handler.GET(ask('GET', { turnId: 't1' }))
    expect(unknown.status).toBe(404)
    expect(await unknown.json()).toMatchObject({ code: 'unknown-turn' })
  })

  it('is closed after five minutes without an end, and reads on with after', async () => {
    const { opened, open } = gate()
    const setup = setUpHandler(scriptedAgent([init('s1'), text('Hello'), opened, text(' Ada'), ok('s1')]))
    const sent = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(0)
    const elsewhere = setup.another(scriptedAgent())
    const follows = [setup.handler, elsewhere].map(async (handler) => reading(await handler.GET(ask('GET'))))
    const [here, there] = await Promise.all(follows)
    await setup.clock.advance(5 * 60_000)
    for (const read of [here, there]) {
      expect(read?.isOver()).toBe(true)
      expect(read?.text()).toBe('Hello')
    }
    expect(sent.isOver()).toBe(false)
    const again = reading(await elsewhere.GET(ask('GET', { turnId: 't1', after: there?.seen.at(-1)?.seq ?? 0 })))
    open()
    await setup.clock.advance(2_000)
    expect(again.text()).toBe(' Ada')
    expect(again.events().at(-1)?.type).toBe('done')
  })

  it('gives what a turn wrote before its process died, and then that it was interrupted', async () => {
    const setup = setUpHandler(scriptedAgent((request) => [init('s1'), text('Hello'), untilAborted(request)]))
    const silent = () => new Promise<never>(() => {})
    const dead = { ...setup.sessions, renewTurn: silent, endTurn: silent }
    const dying = setup.another(
      scriptedAgent((request) => [init('s1'), text('Hello'), untilAborted(request)]),
      {
        sessions: dead,
        log: { ...setup.log, end: silent },
        leaseMs: 30_000,
      },
    )
    await dying.POST(post({ turnId: 't1', message: 'Hi' }))
    await setup.clock.advance(1_000)
    const read = reading(await setup.handler.GET(ask('GET')))
    await setup.clock.advance(20_000)
    expect(read.isOver()).toBe(false)
    await setup.clock.advance(15_000)
    expect(read.text()).toBe('Hello')
    expect(read.events().at(-1)).toEqual({ type: 'error', code: 'turn-interrupted' })
    expect(read.isOver()).toBe(true)
  })
})

describe('DELETE', () => {
  it('stops the turn at once in its process, and within two seconds from another', async () => {
    for (const isHere of [true, false]) {
      const agent = scriptedAgent((request) => [init('s1'), text('Hello'), untilAborted(request)])
      const setup = setUpHandler(agent)
      const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
      await setup.clock.advance(0)
      const handler = isHere ? setup.handler : setup.another(scriptedAgent())
      expect((await handler.DELETE(ask('DELETE', { turnId: 't1' }))).status).toBe(202)
      await setup.clock.advance(isHere ? 0 : 2_000)
      expect(read.events().at(-1)).toEqual({ type: 'stopped' })
      expect(setup.answers.get('t1.answer')).toMatchObject({ text: 'Hello', outcome: 'stopped' })
      expect(await handler.DELETE(ask('DELETE', { turnId: 't1' }))).toMatchObject({ status: 202 })
      expect(setup.errors).toEqual([])
    }
  })

  it('refuses a turn that never was, and a request that names none', async () => {
    const { handler } = setUpHandler(scriptedAgent())
    expect((await handler.DELETE(ask('DELETE', { turnId: 't1' }))).status).toBe(404)
    expect((await handler.DELETE(ask('DELETE'))).status).toBe(400)
  })
})

describe('the handler', () => {
  it('goes by the method, and takes no other', async () => {
    const { handler, clock } = setUpHandler(scriptedAgent(answer))
    expect((await handler.fetch(ask('GET'))).status).toBe(204)
    expect((await handler.fetch(post({ turnId: 't1', message: 'Hi' }))).status).toBe(200)
    await clock.advance(1_000)
    expect((await handler.fetch(ask('DELETE', { turnId: 't1' }))).status).toBe(202)
    const other = await handler.fetch(new Request('http://localhost/', { method: 'PUT' }))
    expect(other.status).toBe(405)
    expect(other.headers.get('Allow')).toBe('GET, POST, DELETE')
  })

  it('ends its turns when the process has to end, keeps what they wrote, and takes no more', async () => {
    const setup = setUpHandler(scriptedAgent((request) => [init('s1'), text('Hello'), untilAborted(request)]))
    const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(0)
    const closed = setup.handler.close()
    await setup.clock.advance(0)
    await closed
    expect(read.events().at(-1)).toEqual({ type: 'error', code: 'turn-interrupted' })
    expect(setup.answers.get('t1.answer')).toMatchObject({ text: 'Hello', outcome: 'interrupted' })
    expect((await setup.handler.POST(post({ turnId: 't2', message: 'Hi' }))).status).toBe(503)
    expect((await setup.another(scriptedAgent(answer)).POST(post({ turnId: 't3', message: 'Hi' }))).status).toBe(200)
  })

  it('refuses options that cannot work', () => {
    for (const wrong of [
      { sessions: undefined },
      { log: undefined },
      { authorize: undefined },
      { hasHistory: undefined },
    ]) {
      expect(() => setUpHandler(scriptedAgent(), wrong as never)).toThrow('createTurnHandler: `')
    }
  })
})
