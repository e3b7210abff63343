import { describe, expect, it } from 'vitest'
import { memoryAgentSessions } from '../../src/server/memory-agent-sessions.js'
import { runTurn } from '../../src/server/run-turn.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { driver, init, inShort, type Message, never, ok, readAll, scriptedAgent, text } from './scripted-agent.js'
import { key, probeTurn, setUp } from './turn-setup.js'

describe('runTurn', () => {
  it('starts the first turn of a conversation fresh and stores its session', async () => {
    const { begin, sessions } = setUp()
    const agent = scriptedAgent([init('a'), text('Hi'), ok('a')])
    const { events, error } = await readAll(await begin(agent, { hasHistory: false }))
    expect(error).toBeUndefined()
    expect(inShort(events)).toEqual(['started fresh', 'init', 'Hi', 'ok', 'done'])
    expect(agent.requests[0]).not.toHaveProperty('resume')
    expect(await sessions.get(key)).toBe('a')
  })

  it('resumes the stored session', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent([init('a'), text('Hi'), ok('a')])
    const { events } = await readAll(await begin(agent, { resumeAt: 'm7' }))
    expect(inShort(events)[0]).toBe('started resumed')
    expect(agent.requests[0]).toMatchObject({ resume: 'a', resumeAt: 'm7' })
  })

  it('ends with the usage and a preview of the last text', async () => {
    const { begin } = setUp()
    const agent = scriptedAgent([init('a'), text('first'), text(' Hi\n  there '), ok('a')])
    const { events } = await readAll(await begin(agent, { hasHistory: false }))
    expect(events.at(-1)).toEqual({
      type: 'done',
      usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 },
      preview: 'Hi there',
    })
  })

  it('has the reader drop an unfinished message before the message that says so', async () => {
    const { begin } = setUp()
    const agent = scriptedAgent([init('a'), text('Hel'), { type: 'retry' }, text('Hello'), ok('a')])
    const { events } = await readAll(await begin(agent, { hasHistory: false }))
    expect(inShort(events)).toEqual(['started fresh', 'init', 'Hel', 'discard', 'retry', 'Hello', 'ok', 'done'])
  })

  it('is busy as a value while another turn has the key', async () => {
    const { begin, sessions, clock } = setUp()
    await begin(scriptedAgent())
    await clock.advance(10_000)
    const again = () => runTurn({ sessions, key, agent: driver, run: scriptedAgent().run, hasHistory: true, clock })
    // The lease lasts 20 s more, but only a dead process makes use of that.
    expect(await again()).toMatchObject({ ok: false, reason: 'busy', turn: { state: 'running' }, retryAfterMs: 2_000 })
    await clock.advance(19_500)
    expect(await again()).toMatchObject({ ok: false, retryAfterMs: 500 })
  })

  it('lets exactly one of two parallel sends run', async () => {
    const { begin, sessions } = setUp()
    const agent = scriptedAgent([init('a'), text('Hi'), ok('a')])
    const sends = await Promise.allSettled([begin(agent), begin(agent)])
    const running = sends.flatMap((send) => (send.status === 'fulfilled' ? [send.value] : []))
    expect(running).toHaveLength(1)
    for (const events of running) await readAll(events)
    expect(agent.requests).toHaveLength(1)
    expect(await sessions.get(key)).toBe('a')
  })

  it('frees the key before it says done, so that the reader can send at once', async () => {
    const { begin, busyFor } = setUp()
    for await (const event of await begin(scriptedAgent([init('a'), ok('a')]))) {
      if (event.type === 'done') expect(await busyFor()).toBe(0)
    }
  })

  it('costs one round trip to begin and one to end', async () => {
    const calls: string[] = []
    const { begin } = setUp(() => ({
      ...Object.fromEntries(
        Object.entries(memoryAgentSessions()).map(([verb, call]) => [
          verb,
          (...request: never[]) => {
            calls.push(verb)
            return Reflect.apply(call, undefined, request)
          },
        ]),
      ),
    }))
    await readAll(await begin(scriptedAgent([init('a'), text('Hi'), ok('a')]), { hasHistory: false }))
    expect(calls).toEqual(['beginTurn', 'endTurn'])
  })

  it('throws what the agent threw, frees the key and keeps the id', async () => {
    const { begin, sessions, busyFor } = setUp()
    await sessions.set(key, 'a')
    const boom = new Error('503 overloaded')
    const { events, error } = await readAll(await begin(scriptedAgent([init('a'), text('Hi'), boom])))
    expect(inShort(events)).toEqual(['started resumed', 'init', 'Hi'])
    expect(error).toMatchObject({ code: 'turn-failed', cause: boom, canStartFresh: true })
    expect(await sessions.get(key)).toBe('a')
    expect(await busyFor()).toBe(0)
  })

  it('keeps no id of a first turn that failed, and none of an error result', async () => {
    const { begin, sessions } = setUp()
    const failed: Message = { type: 'error', id: 'random', says: 'out of credit' }
    const { events, error } = await readAll(await begin(scriptedAgent([init('a'), text('Hi'), failed])))
    expect(inShort(events).at(-1)).toBe('error')
    expect(error).toMatchObject({ code: 'turn-failed' })
    expect(await sessions.get(key)).toBeUndefined()
  })

  it('keeps the id of a turn that succeeded before its process crashed, and throws the crash', async () => {
    const { begin, sessions } = setUp()
    const { error } = await readAll(await begin(scriptedAgent([init('a'), ok('a'), new Error('exit 1')])))
    expect(error).toMatchObject({ code: 'turn-failed', cause: { message: 'exit 1' } })
    expect(await sessions.get(key)).toBe('a')
  })

  it('keeps the id of its success, not that of an error result after it', async () => {
    const { begin, sessions } = setUp()
    const failed: Message = { type: 'error', id: 'random', says: 'exit 1' }
    const { error } = await readAll(await begin(scriptedAgent([init('a'), ok('a'), failed])))
    expect(error).toMatchObject({ code: 'turn-failed' })
    expect(await sessions.get(key)).toBe('a')
  })

  it('hands out what comes after the result', async () => {
    const { begin } = setUp()
    const { events } = await readAll(await begin(scriptedAgent([init('a'), ok('a'), { type: 'note' }])))
    expect(inShort(events).slice(-3)).toEqual(['ok', 'note', 'done'])
  })

  it('has failed, and is not done, when the agent stops without a result', async () => {
    const { begin, sessions } = setUp()
    const { events, error } = await readAll(await begin(scriptedAgent([init('a'), text('Hi')])))
    expect(inShort(events)).not.toContain('done')
    expect(error).toMatchObject({ code: 'turn-failed' })
    expect(await sessions.get(key)).toBeUndefined()
  })

  it('has failed when the agent says nothing at all', async () => {
    const { begin, busyFor } = setUp()
    const { events, error } = await readAll(await begin(scriptedAgent([]), { hasHistory: false }))
    expect(inShort(events)).not.toContain('done')
    expect(error).toMatchObject({ code: 'turn-failed' })
    expect(await busyFor()).toBe(0)
  })

  it('throws what run itself throws, and frees the key', async () => {
    const { begin, busyFor } = setUp()
    const { error } = await readAll(await begin(scriptedAgent()))
    expect(error).toMatchObject({ code: 'turn-failed', cause: { message: 'one run too many' } })
    expect(await busyFor()).toBe(0)
  })

  it('throws what hasHistory throws, without running the agent', async () => {
    const { begin, busyFor } = setUp()
    const agent = scriptedAgent()
    const hasHistory = () => Promise.reject(new Error('messages are down'))
    const { error } = await readAll(await begin(agent, { hasHistory }))
    expect(error).toMatchObject({ message: 'messages are down' })
    expect(agent.requests).toHaveLength(0)
    expect(await busyFor()).toBe(0)
  })

  it('fails the turn when the driver cannot read a message, and stops the agent', async () => {
    const { begin, busyFor } = setUp()
    const agent = scriptedAgent([init('a'), text('Hi'), ok('a')])
    const textOf = () => {
      throw new Error('driver bug')
    }
    const { error } = await readAll(await begin(agent, { agent: { ...driver, textOf } }))
    expect(error).toMatchObject({ message: 'driver bug' })
    expect(agent.requests[0]?.signal.aborted).toBe(true)
    expect(agent.ended()).toBe(1)
    expect(await busyFor()).toBe(0)
  })

  it('throws what the store throws when it cannot begin, and does not leave the key taken', async () => {
    const { begin, busyFor, clock } = setUp((memory) => ({
      async beginTurn(...request) {
        await memory.beginTurn(...request)
        throw new Error('the answer was lost')
      },
    }))
    await expect(begin(scriptedAgent())).rejects.toThrow('the answer was lost')
    await clock.advance(0)
    expect(await busyFor()).toBe(0)
  })

  it('throws what the store throws when it cannot end, instead of done', async () => {
    const { begin, clock } = setUp(() => ({ endTurn: () => Promise.reject(new Error('store is down')) }))
    const all = readAll(await begin(scriptedAgent([init('a'), ok('a')])))
    await clock.advance(30_000)
    const { events, error } = await all
    expect(inShort(events)).not.toContain('done')
    expect(error).toMatchObject({ message: 'store is down' })
  })

  it('does not wait forever for a store that does not answer the end', async () => {
    const { begin, clock } = setUp(() => ({ endTurn: () => never }))
    const all = readAll(await begin(scriptedAgent([init('a'), ok('a')])))
    await clock.advance(30_000)
    expect((await all).error).toMatchObject({ code: 'lease-lost' })
  })

  it('runs nothing until the first pull; unread, the lease simply expires', async () => {
    const { begin, busyFor, clock } = setUp()
    const agent = scriptedAgent([init('a'), ok('a')])
    await begin(agent)
    await clock.advance(29_999)
    expect(await busyFor()).toBe(1)
    await clock.advance(1)
    expect(await busyFor()).toBe(0)
    expect(agent.requests).toHaveLength(0)
  })

  it('asks the agent for one message per pull', async () => {
    const { begin } = setUp()
    let pulled = 0
    const events = await begin(
      {
        ...scriptedAgent(),
        async *run() {
          for (const message of [init('a'), text('1'), text('2'), ok('a')]) {
            pulled += 1
            yield message
          }
        },
      },
      { hasHistory: false },
    )
    await events.next()
    expect(pulled).toBe(1)
    await events.next()
    expect(pulled).toBe(1)
    await events.next()
    expect(pulled).toBe(2)
  })

  it('answers pulls that do not wait for each other in order', async () => {
    const { begin } = setUp()
    const events = await begin(scriptedAgent([init('a'), text('1'), ok('a')]), { hasHistory: false })
    const results = await Promise.all(Array.from({ length: 7 }, () => events.next()))
    expect(inShort(results.flatMap(({ value }) => (value ? [value] : [])))).toEqual([
      'started fresh',
      'init',
      '1',
      'ok',
      'done',
    ])
    expect(results.map(({ done }) => done)).toEqual([false, false, false, false, false, true, true])
  })

  it('throws its error once, then is at its end', async () => {
    const { begin } = setUp()
    const events = await begin(scriptedAgent([new Error('boom')]), { hasHistory: false })
    await expect(events.next()).rejects.toMatchObject({ cause: { message: 'boom' } })
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  it.each([
    ['nothing', undefined, '`sessions`'],
    ['no option at all', {}, '`sessions`'],
    ['a store that is none', { sessions: {} }, 'AgentSessionStore'],
    ['a key that tabKey did not make', { key: 'u1' }, 'tabKey('],
    ['an SDK in place of its driver', { agent: { query: () => {} } }, 'AgentDriver'],
    ['a run that was started already', { run: (async function* () {})() }, '`run`'],
    ['no word about history', { hasHistory: undefined }, '`hasHistory`'],
    ['a lease that would last no time', { leaseMs: 0 }, '`leaseMs`'],
    ['a lease that is no number', { leaseMs: Number.NaN }, '`leaseMs`'],
    ['a lease longer than a timer can be', { leaseMs: Number.POSITIVE_INFINITY }, '`leaseMs`'],
  ])('refuses %s with a sentence that says what to do', async (_, given, says) => {
    const sessions = memoryAgentSessions({ clock: manualClock() })
    const whole = { sessions, key, agent: driver, run: scriptedAgent([]).run, hasHistory: false }
    const isWhole = given !== undefined && Object.keys(given).length > 0
    // As from JavaScript, where nothing checks the types.
    const turn = Reflect.apply(runTurn, undefined, [isWhole ? { ...whole, ...given } : given])
    await expect(turn).rejects.toMatchObject({ code: 'invalid-argument', message: expect.stringContaining(says) })
    expect((await sessions.beginTurn(key, probeTurn)).ok).toBe(true)
  })
})
