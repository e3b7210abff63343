import { describe, expect, it } from 'vitest'
import { isLeftoffError } from '../../../src/core/error.js'
import { tabKey } from '../../../src/core/tab-key.js'
import type { AgentSessionStore } from '../../../src/server/agent-session-store.js'
import { memoryAgentSessions } from '../../../src/server/memory-agent-sessions.js'
import type { TurnLog } from '../../../src/server/turn-log.js'
import { init, never, ok, scriptedAgent, text, untilAborted } from '../scripted-agent.js'
import { ask, conversation, type HandlerSetup, type Options, post, reading, setUpHandler } from './handler-setup.js'

const answer = [init('s1'), text('Hello'), ok('s1')]
const boom = () => Promise.reject(new Error('boom'))
const anyText = { '~standard': { validate: (value: unknown) => ({ value: String(value) }) } }
const key = tabKey({ userId: 'ada', workspace: conversation.workspace, tabId: conversation.conversationId })

/** Waits for the request to be read and hashed, which no clock of a test moves. */
async function hasBegun({ sessions }: HandlerSetup, turnId = 't1'): Promise<void> {
  await expect.poll(() => sessions.getTurn(key, turnId), { interval: 1 }).toBeDefined()
}

/** A handler of which each step is noted in order. */
function noting(script = answer, options: Partial<Options> = {}) {
  const steps: string[] = []
  const note = <A extends unknown[], R>(name: string, call: (...given: A) => R) => {
    return (...given: A): R => {
      if (steps.at(-1) !== name) steps.push(name)
      return call(...given)
    }
  }
  const setup = setUpHandler(
    scriptedAgent(script),
    {
      authorize: note('authorize', () => ({ userId: 'ada' })),
      input: { '~standard': { validate: note('input', (value) => ({ value: String(value) })) } },
      hasHistory: note('hasHistory', () => false),
      onQuestion: note('onQuestion', () => {}),
      onAnswer: note('onAnswer', () => {}),
      ...options,
    },
    {
      sessions: (sessions) => ({
        beginTurn: note('beginTurn', sessions.beginTurn),
        endTurn: note('endTurn', sessions.endTurn),
      }),
      log: (log) => ({
        start: note('log.start', log.start),
        append: note('log.append', log.append),
        end: note('log.end', log.end),
      }),
    },
  )
  return { ...setup, steps }
}

describe('the order of a turn', () => {
  it('is: who asks, what, the lease, the history, the log, the question, the agent, the answer, the lease, the end', async () => {
    const { handler, clock, steps } = noting()
    const read = reading(await handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await clock.advance(1_000)
    expect(read.events().at(-1)?.type).toBe('done')
    expect(steps).toEqual([
      'authorize',
      'input',
      'beginTurn',
      'hasHistory',
      'log.start',
      'onQuestion',
      'log.append',
      'onAnswer',
      'endTurn',
      'log.end',
    ])
  })

  it('takes no key for a request that is not a turn, that may not ask, or whose message is refused', async () => {
    const refused: [Request, number, Partial<Options>][] = [
      [new Request('http://localhost/', { method: 'POST', body: '{}' }), 415, {}],
      [post({ turnId: 't1', message: 'x'.repeat(300_000) }), 413, {}],
      [post({ turnId: 'a b', message: 'Hi' }), 400, {}],
      [post({ turnId: 't1', message: 'Hi' }), 403, { authorize: () => new Response('No.', { status: 403 }) }],
      [
        post({ turnId: 't1', message: 'Hi' }),
        422,
        { input: { '~standard': { validate: () => ({ issues: [{ message: 'Too rude.' }] }) } } },
      ],
    ]
    for (const [request, status, options] of refused) {
      const { handler, steps } = noting(answer, options)
      const response = await handler.POST(request)
      expect(response.status).toBe(status)
      expect(response.headers.get('Cache-Control')).toBe('no-store')
      expect(steps).not.toContain('beginTurn')
    }
  })

  it('names the wrong field, and the reason for which a message is refused', async () => {
    const { handler } = setUpHandler(scriptedAgent())
    for (const [body, field] of [
      [{ turnId: 't1' }, 'message'],
      [{ message: 'Hi' }, 'turnId'],
      [{ turnId: 't1', message: 'Hi', conversationId: '' }, 'conversationId'],
      [{ turnId: 't1', message: 'Hi', workspace: 7 }, 'workspace'],
      [{ turnId: 't1', message: 'Hi', messageId: '../x' }, 'messageId'],
      [{ turnId: 't1', message: 'Hi', fresh: 'yes' }, 'fresh'],
    ] as const) {
      const response = await handler.POST(post(body))
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ code: 'not-a-turn', message: expect.stringContaining(field) })
    }
    const empty = await handler.POST(post({ turnId: 't1', message: '  ' }))
    expect(await empty.json()).toMatchObject({ code: 'message-refused', message: expect.stringContaining('8000') })
  })
})

describe('what fails before the agent', () => {
  it.each<[string, Partial<Options>, ((s: AgentSessionStore) => Partial<AgentSessionStore>) | undefined]>([
    ['authorize', { authorize: boom }, undefined],
    ['input', { input: { '~standard': { validate: boom } } }, undefined],
    ['beginTurn', {}, () => ({ beginTurn: boom })],
    ['hasHistory', { hasHistory: boom as never }, undefined],
    ['onQuestion', { onQuestion: boom }, undefined],
  ])('%s is 503, and leaves nothing: the same request may be sent again', async (_, options, sessions) => {
    const agent = scriptedAgent(answer)
    const setup = setUpHandler(agent, options, sessions ? { sessions } : {})
    const send = (handler = setup.handler) => handler.POST(post({ turnId: 't1', message: 'Hi' }))
    const response = await send()
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'not-started' })
    expect(setup.errors.length).toBeGreaterThan(0)
    await setup.clock.advance(1_000)
    expect(await setup.sessions.getTurn(key, 't1')).toBeUndefined()
    expect(agent.requests).toHaveLength(0)
    const isUp = { authorize: () => ({ userId: 'ada' }), hasHistory: () => false, onQuestion: () => {}, input: anyText }
    const works = setup.another(agent, { ...isUp, ...(sessions && { sessions: memoryAgentSessions() }) })
    const again = reading(await send(works))
    await setup.clock.advance(1_000)
    expect(again.text()).toBe('Hello')
    expect(again.events().at(-1)).toMatchObject({ type: 'done', kept: true })
  })

  it('a question that is not stored in ten seconds is 503, and its signal is aborted', async () => {
    let signal: AbortSignal | undefined
    const setup = setUpHandler(scriptedAgent(answer), {
      onQuestion: (question) => {
        signal = question.signal
        return never
      },
    })
    const response = setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    await hasBegun(setup)
    await setup.clock.advance(9_999)
    expect(signal?.aborted).toBe(false)
    await setup.clock.advance(1)
    expect((await response).status).toBe(503)
    expect(signal?.aborted).toBe(true)
    expect(await setup.sessions.getTurn(key, 't1')).toBeUndefined()
  })

  it('a reader that attached in the meantime gets it', async () => {
    let fail: (error: Error) => void = () => {}
    const setup = setUpHandler(scriptedAgent(answer), {
      onQuestion: () => new Promise((_, reject) => (fail = reject)),
    })
    const response = setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
    await hasBegun(setup)
    await setup.clock.advance(0)
    const attached = reading(await setup.handler.GET(ask('GET')))
    await setup.clock.advance(0)
    fail(new Error('boom'))
    expect((await response).status).toBe(503)
    await setup.clock.advance(0)
    expect(attached.events().map(({ type }) => type)).toEqual(['turn', 'error'])
  })
})

describe('a log that fails', () => {
  const lost: [string, (log: TurnLog) => Partial<TurnLog>][] = [
    ['at start', () => ({ start: boom })],
    ['at start, by silence', () => ({ start: () => never })],
    ['in mid-turn', () => ({ append: boom })],
    ['in mid-turn, by silence', () => ({ append: () => never })],
    ['at the end', () => ({ end: boom })],
    ['at the end, by silence', () => ({ end: () => never })],
  ]
  it.each(lost)(
    '%s costs neither the turn nor its readers here; followers hear missed and the outcome',
    async (_, log) => {
      const setup = setUpHandler(scriptedAgent(answer), {}, { log })
      const response = setup.handler.POST(post({ turnId: 't1', message: 'Hi' }))
      const follower = response.then(async () =>
        reading(await setup.another(scriptedAgent()).GET(ask('GET', { turnId: 't1' }))),
      )
      await hasBegun(setup)
      await setup.clock.advance(60_000)
      const read = reading(await response)
      await setup.clock.advance(60_000)
      expect(read.text()).toBe('Hello')
      expect(read.events().at(-1)).toMatchObject({ type: 'done', kept: true })
      expect(setup.answers.get('t1.answer')).toMatchObject({ text: 'Hello', outcome: 'done' })
      const told = (await follower).events()
      expect(told.map(({ type }) => type)).toContain('missed')
      expect(told.at(-1)).toMatchObject({ type: 'done', kept: true })
      expect(setup.errors.length).toBeGreaterThan(0)
      // The next message is welcome.
      const next = setup.another(scriptedAgent(answer)).POST(post({ turnId: 't2', message: 'Hi' }))
      await hasBegun(setup, 't2')
      await setup.clock.advance(60_000)
      expect((await next).status).toBe(200)
    },
  )

  it('because it is full keeps its beginning and its end: who follows hears that something is missed', async () => {
    let goOn = () => {}
    const pause = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const { log, clock, ...setup } = setUpHandler(
      scriptedAgent([init('s1'), text('a'), pause, text('b'), text('c'), ok('s1')]),
      {},
      {
        log: (log) => ({
          append: (key, turnId, seq, events) =>
            seq > 3 ? Promise.reject(new Error('full')) : log.append(key, turnId, seq, events),
        }),
      },
    )
    const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await clock.advance(1_000)
    goOn()
    await clock.advance(1_000)
    expect(read.text()).toBe('abc')
    const later = reading(await setup.another(scriptedAgent()).GET(ask('GET', { turnId: 't1' })))
    await clock.advance(1_000)
    expect(later.events().map(({ type }) => type)).toEqual(['turn', 'started', 'text', 'missed', 'done'])
    expect(setup.errors).toHaveLength(1)
  })
})

describe('a turn that lost its lease', () => {
  it('stores no answer over the next one’s, writes no end, and says so to its own readers', async () => {
    const setup = setUpHandler(scriptedAgent((request) => [init('s1'), text('Hel'), untilAborted(request)]))
    const read = reading(await setup.handler.POST(post({ turnId: 't1', messageId: 'm1', message: 'Hi' })))
    await setup.clock.advance(1_000)
    await setup.sessions.delete(key)
    const next = reading(
      await setup.another(scriptedAgent(answer)).POST(post({ turnId: 't2', messageId: 'm1', message: 'Hi' })),
    )
    await setup.clock.advance(40_000)
    expect(read.events().at(-1)).toEqual({ type: 'error', code: 'lease-lost' })
    expect(next.text()).toBe('Hello')
    expect(setup.answers.get('m1.answer')).toMatchObject({ turnId: 't2', outcome: 'done' })
    expect(setup.calls.filter((call) => call.startsWith('answer'))).toEqual(['answer m1.answer done'])
    expect(setup.errors.some((error) => isLeftoffError(error, 'lease-lost'))).toBe(true)
  })

  it('while its answer is being stored aborts that, and does not try again', async () => {
    const signals: AbortSignal[] = []
    const setup = setUpHandler(scriptedAgent(answer), {
      leaseMs: 6_000,
      onAnswer: ({ signal }) => {
        signals.push(signal)
        return never
      },
    })
    const read = reading(await setup.handler.POST(post({ turnId: 't1', message: 'Hi' })))
    await setup.clock.advance(1_000)
    await setup.sessions.delete(key)
    expect(signals[0]?.aborted).toBe(false)
    await setup.clock.advance(1_500)
    expect(signals[0]?.aborted).toBe(true)
    await setup.clock.advance(30_000)
    expect(signals).toHaveLength(1)
    expect(read.events().at(-1)).toMatchObject({ type: 'error', code: 'lease-lost' })
  })
})
