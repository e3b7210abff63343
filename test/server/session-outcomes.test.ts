import { describe, expect, it } from 'vitest'
import type { AgentDriver } from '../../src/core/agent-driver.js'
import { runTurn } from '../../src/server/run-turn.js'
import { statelessDriver } from '../../src/server/stateless-driver.js'
import { driver, init, inShort, type Message, ok, readAll, scriptedAgent, text } from './scripted-agent.js'
import { key, setUp } from './turn-setup.js'

const hour = 60 * 60 * 1000
const answer = (id: string) => [init(id), text('Hi'), ok(id)]

/** Knows the texts of an agent whose stored messages can no longer be used. */
const knowing: AgentDriver<Message> = {
  ...driver,
  classify: (given, attempt) => {
    const says =
      given instanceof Error ? given.message : typeof given === 'object' && given && 'says' in given ? given.says : ''
    return says === 'cannot read what is stored' ? 'unusable' : driver.classify(given, attempt)
  },
}

describe('a session that changes in mid-turn, as after "/clear"', () => {
  it('is reported when it shows, and the new one is stored', async () => {
    const { begin, sessions, reports } = setUp()
    await sessions.set(key, 'a')
    const { events } = await readAll(
      await begin(scriptedAgent([init('a'), text('one'), init('b'), text('two'), ok('b')])),
    )
    expect(inShort(events)).toEqual([
      'started resumed',
      'init',
      'one',
      'recovered changed',
      'init',
      'two',
      'ok',
      'done',
    ])
    expect(await sessions.get(key)).toBe('b')
    expect(reports).toEqual([{ attempted: 'fresh', reason: 'changed', outcome: 'recovered' }])
  })

  it('is reported even if only the result shows it', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const { events } = await readAll(await begin(scriptedAgent([init('a'), text('one'), ok('b')])))
    expect(inShort(events)).toEqual(['started resumed', 'init', 'one', 'recovered changed', 'ok', 'done'])
  })

  it('is reported once per change, and again when it changes back', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const script = [init('a'), init('b'), init('b'), init('a'), ok('a')]
    const { events } = await readAll(await begin(scriptedAgent(script)))
    expect(inShort(events).filter((event) => event === 'recovered changed')).toHaveLength(2)
  })

  it('is nothing to tell in the first turn of a conversation, which had no context to lose', async () => {
    const { begin, sessions } = setUp()
    const script = [init('a'), init('b'), text('Hi'), ok('b')]
    const { events } = await readAll(await begin(scriptedAgent(script), { hasHistory: false }))
    expect(inShort(events).join()).not.toContain('recovered')
    expect(await sessions.get(key)).toBe('b')
  })

  it('is no loss when run says that it answers from a copy', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent(answer('b'))
    const run = async (request: Parameters<typeof agent.run>[0]) => ({ messages: agent.run(request), forks: true })
    const { events } = await readAll(await begin(agent, { run }))
    expect(inShort(events)).toEqual(['started resumed', 'init', 'Hi', 'ok', 'done'])
    expect(await sessions.get(key)).toBe('b')
  })
})

describe('started', () => {
  it('comes only once the agent has shown the id: not for a resume that fails at once', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const failed: Message = { type: 'error', says: 'API Error: 400' }
    const { events, error } = await readAll(await begin(scriptedAgent([failed])))
    expect(inShort(events)).toEqual(['error'])
    expect(error).toMatchObject({ code: 'turn-failed', canStartFresh: true })
    expect(await sessions.get(key)).toBe('a')
  })

  it('comes when the id does, also after the first words', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const { events } = await readAll(await begin(scriptedAgent([text('Hi'), ok('a')])))
    expect(inShort(events)).toEqual(['Hi', 'started resumed', 'ok', 'done'])
  })
})

describe('a session that the agent can never use again', () => {
  it.each([
    ['as the first thing, thrown', [new Error('cannot read what is stored')]],
    ['as the first thing, as a result', [{ type: 'error', says: 'cannot read what is stored' } as const]],
    [
      'after output, as a result',
      [init('a'), text('I'), { type: 'error', says: 'cannot read what is stored' } as const],
    ],
    ['after output, thrown', [init('a'), text('I'), new Error('cannot read what is stored')]],
    [
      'as a result that is then thrown in other words',
      [init('a'), { type: 'error', says: 'cannot read what is stored' } as const, new Error('exit 1')],
    ],
  ])(
    'is forgotten when it says so %s: nothing runs again, it is told, and the next message works',
    async (_, script) => {
      const { begin, sessions, reports } = setUp()
      await sessions.set(key, 'a')
      const agent = scriptedAgent(script, answer('b'))
      const { events, error } = await readAll(await begin(agent, { agent: knowing }))
      expect(inShort(events)).toContain('recovered unusable')
      expect(error).toMatchObject({ code: 'turn-failed' })
      expect(error).toMatchObject({ canStartFresh: undefined })
      expect(agent.requests).toHaveLength(1)
      expect(await sessions.get(key)).toBeUndefined()
      expect(reports).toMatchObject([{ attempted: 'nothing', reason: 'unusable', outcome: 'failed' }])

      const next = await readAll(await begin(agent, { agent: knowing }))
      expect(inShort(next.events)).toEqual(['recovered unknown', 'started fresh', 'init', 'Hi', 'ok', 'done'])
      expect(await sessions.get(key)).toBe('b')
    },
  )

  it('is forgotten only if the driver says so in a resumed run', async () => {
    const { begin, sessions } = setUp()
    const script = [init('a'), text('Hi'), new Error('cannot read what is stored')]
    const { events } = await readAll(await begin(scriptedAgent(script), { agent: knowing, hasHistory: false }))
    expect(inShort(events).join()).not.toContain('recovered')
    expect(await sessions.get(key)).toBeUndefined()
  })

  it('is an error with both causes when the store cannot forget it', async () => {
    const { begin, sessions } = setUp(() => ({ clearStale: () => Promise.reject(new Error('store is down')) }))
    await sessions.set(key, 'a')
    const agent = scriptedAgent([init('a'), new Error('cannot read what is stored')])
    expect((await readAll(await begin(agent, { agent: knowing }))).error).toMatchObject({ code: 'recovery-failed' })
    expect(await sessions.get(key)).toBe('a')
  })
})

describe('any other failure of a resumed session', () => {
  it.each([
    ['a credit that ran out', new Error('API Error: 400 credit balance too low')],
    ['a rate limit', new Error('API Error: 429')],
    ['a model that does not exist', { type: 'error', says: 'model: nope' } as const],
  ])('such as %s keeps it, and says that a person may start afresh', async (_, failure) => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const { error } = await readAll(await begin(scriptedAgent([init('a'), failure]), { agent: knowing }))
    expect(error).toMatchObject({ code: 'turn-failed', canStartFresh: true })
    expect(await sessions.get(key)).toBe('a')
  })

  it('is dropped by fresh: true: the session is forgotten, the turn runs without it, and that is reported', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent(answer('b'))
    const { events } = await readAll(await begin(agent, { fresh: true }))
    expect(inShort(events)).toEqual(['recovered fresh', 'started fresh', 'init', 'Hi', 'ok', 'done'])
    expect(agent.requests[0]).not.toHaveProperty('resume')
    expect(await sessions.get(key)).toBe('b')
  })
})

describe('a stateless model', () => {
  const model = statelessDriver<string>({
    textOf: (piece) => (piece.startsWith('!') ? undefined : piece),
    failureOf: (piece) => (piece.startsWith('!') ? piece.slice(1) : undefined),
    usageOf: () => ({ input: 1, output: 2, cacheRead: 0, cacheWrite: 0 }),
  })

  async function ask(setup: ReturnType<typeof setUp>, pieces: readonly string[]) {
    const { sessions, clock } = setup
    const requests: object[] = []
    const turn = await runTurn<string>({
      sessions,
      key,
      clock,
      agent: model,
      async *run(request) {
        requests.push(request)
        yield* pieces
      },
    })
    if (!turn.ok) throw new Error('busy')
    return { ...(await readAll(turn.events)), requests }
  }

  it('never reports lost context over 30 turns and 25 hours', async () => {
    const setup = setUp()
    for (let n = 0; n < 30; n += 1) {
      const { events, error, requests } = await ask(setup, ['Hel', 'lo ', `${n}`])
      expect(error).toBeUndefined()
      expect(events.map(({ type }) => type)).toEqual(['started', 'message', 'message', 'message', 'done'])
      expect(events[0]).toEqual({ type: 'started', resumed: false })
      expect(requests[0]).not.toHaveProperty('resume')
      await setup.clock.advance((25 * hour) / 30)
    }
    await setup.clock.advance(25 * hour)
    expect((await ask(setup, ['Hi'])).events.map(({ type }) => type)).toEqual(['started', 'message', 'done'])
  })

  it('has its pieces joined for the preview, and its tokens reported', async () => {
    const { events } = await ask(setUp(), ['Hel', 'lo'])
    expect(events.at(-1)).toEqual({
      type: 'done',
      preview: 'Hello',
      usage: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
    })
  })

  it('has failed when it says so, with what it said as the cause', async () => {
    const setup = setUp()
    const { error } = await ask(setup, ['Hel', '!overloaded'])
    expect(error).toMatchObject({ code: 'turn-failed', cause: 'overloaded' })
    expect(await setup.busyFor()).toBe(0)
  })

  it('leaves the session alone that another agent of the app has stored', async () => {
    const setup = setUp()
    await setup.sessions.set(key, 'a')
    const { events } = await ask(setup, ['Hi'])
    expect(events[0]).toEqual({ type: 'started', resumed: false })
    expect(await setup.sessions.get(key)).toBe('a')
  })
})
