import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.js'
import { memoryAgentSessions } from '../../src/server/memory-agent-sessions.js'
import { turnResponse } from '../../src/server/responses.js'
import { runTurn } from '../../src/server/run-turn.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { driver, init, inShort, never, ok, readAll, scriptedAgent, text, untilAborted } from './scripted-agent.js'
import { key, setUp } from './turn-setup.js'

const minute = 60_000
const first = { hasHistory: false }

describe('a turn with an agent that never ends', () => {
  it.each([
    ['obeys', () => scriptedAgent((request) => [init('a'), text('Hi'), untilAborted(request)])],
    ['does not even stop', () => scriptedAgent([init('a'), text('Hi'), never])],
  ])(
    'is stopped after maxTurnMs, when the agent %s: it fails, its session stays, the key is free',
    async (_, agentOf) => {
      const { begin, sessions, busyFor, clock } = setUp()
      const agent = agentOf()
      const all = readAll(await begin(agent, { ...first, maxTurnMs: 5 * minute, turnId: 'turn' }))
      await clock.advance(5 * minute - 1)
      expect(agent.requests[0]?.signal.aborted).toBe(false)
      await clock.advance(6_000)
      const { error } = await all
      expect(error).toMatchObject({ code: 'turn-failed', message: expect.stringContaining('maxTurnMs') })
      expect(await busyFor()).toBe(0)
      expect(await sessions.get(key)).toBe('a')
      expect(await sessions.getTurn(key, 'turn')).toMatchObject({ state: 'failed' })
    },
  )

  it('is stopped after 30 minutes by default, also with no reader left', async () => {
    const { begin, busyFor, clock } = setUp()
    const errors: unknown[] = []
    const options = { ...first, onDisconnect: 'continue', onError: (error: unknown) => errors.push(error) } as const
    const events = await begin(scriptedAgent([init('a'), text('Hi'), never]), options)
    await events.next()
    await events.return?.()
    await clock.advance(30 * minute - 1)
    expect(await busyFor()).toBeGreaterThan(0)
    await clock.advance(6_000)
    expect(await busyFor()).toBe(0)
    expect(errors).toMatchObject([{ code: 'turn-failed' }])
  })

  it('may run forever with `Infinity`', async () => {
    const { begin, busyFor, clock } = setUp()
    const events = await begin(scriptedAgent([init('a'), text('Hi'), never]), { ...first, maxTurnMs: Infinity })
    for (let n = 0; n < 3; n += 1) await events.next()
    void events.next()
    await clock.advance(40 * minute)
    expect(await busyFor()).toBeGreaterThan(0)
    await events.return?.()
  })

  it('that has given its result is done ten seconds later', async () => {
    const { begin, sessions, busyFor, clock } = setUp()
    const agent = scriptedAgent((request) => [init('a'), text('Hi'), ok('a'), untilAborted(request)])
    const all = readAll(await begin(agent, first))
    await clock.advance(9_999)
    expect(await busyFor()).toBeGreaterThan(0)
    await clock.advance(1)
    const { events, error } = await all
    expect(error).toBeUndefined()
    expect(inShort(events)).toEqual(['started fresh', 'init', 'Hi', 'ok', 'done'])
    expect(await busyFor()).toBe(0)
    expect(await sessions.get(key)).toBe('a')
    expect(agent.requests[0]?.signal.aborted).toBe(true)
  })

  it('that has given an error as its result has failed ten seconds later', async () => {
    const { begin, busyFor, clock } = setUp()
    const all = readAll(await begin(scriptedAgent([init('a'), { type: 'error', says: 'no' }, never]), first))
    await clock.advance(16_000)
    expect((await all).error).toMatchObject({ code: 'turn-failed' })
    expect(await busyFor()).toBe(0)
  })
})

describe('a reader who reads nothing', () => {
  it('for a minute has left: the agent is stopped and the key is free', async () => {
    const { begin, busyFor, clock } = setUp()
    const agent = scriptedAgent((request) => [init('a'), text('Hi'), untilAborted(request)])
    const events = await begin(agent, first)
    await events.next()
    await clock.advance(59_000)
    expect(await busyFor()).toBeGreaterThan(0)
    await clock.advance(4_000)
    expect(agent.requests[0]?.signal.aborted).toBe(true)
    expect(await busyFor()).toBe(0)
  })

  it('of a response whose pipe is full has left too', async () => {
    const { sessions, busyFor, clock } = setUp()
    const agent = scriptedAgent((request) => [init('a'), ...Array(50).fill(text('Hi')), untilAborted(request)])
    const turn = await runTurn({ sessions, key, agent: driver, run: agent.run, hasHistory: false, clock })
    if (!turn.ok) throw new Error('busy')
    const reader = turnResponse(turn.events, (message) => message, { clock }).body?.getReader()
    await reader?.read()
    await clock.advance(63_000)
    expect(await busyFor()).toBe(0)
  })

  it('is not one who waits for an agent that thinks for ten minutes', async () => {
    const { begin, clock } = setUp()
    let goOn = (_?: unknown): void => {}
    const thinks = new Promise((resolve) => {
      goOn = resolve
    })
    const all = readAll(await begin(scriptedAgent([init('a'), thinks, ok('a')]), { ...first, maxTurnMs: Infinity }))
    await clock.advance(10 * minute)
    goOn()
    expect((await all).error).toBeUndefined()
  })
})

describe('a turn that is stopped', () => {
  const talking = () => scriptedAgent((request) => [init('b'), text('Hi'), untilAborted(request)])

  it('by stop() ends its stream with stopped, keeps what was written, and frees the key', async () => {
    const { sessions, clock, busyFor } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent((request) => [init('a'), text('Hi'), untilAborted(request)])
    const turn = await runTurn({ sessions, key, agent: driver, run: agent.run, hasHistory: true, clock })
    if (!turn.ok) throw new Error('busy')
    const all = readAll(turn.events)
    await clock.advance(0)
    await turn.stop()
    const { events, error } = await all
    expect(error).toBeUndefined()
    expect(inShort(events)).toEqual(['started resumed', 'init', 'Hi', 'stopped'])
    expect(await busyFor()).toBe(0)
    expect(await sessions.get(key)).toBe('a')
    expect(await sessions.getTurn(key, turn.turnId)).toMatchObject({ state: 'stopped' })
    await turn.stop() // again, which changes nothing
  })

  it('by requestStop is stopped within two seconds', async () => {
    const { begin, sessions, clock } = setUp()
    const agent = talking()
    const all = readAll(await begin(agent, { ...first, turnId: 'turn' }))
    await clock.advance(10_000)
    await sessions.requestStop(key, 'turn')
    await clock.advance(1_999)
    expect(agent.requests[0]?.signal.aborted).toBe(true)
    expect(inShort((await all).events).at(-1)).toBe('stopped')
    expect(await sessions.get(key)).toBe('b')
  })

  it('is stopped also when its store fails now and then, or does not answer once', async () => {
    let calls = 0
    const { begin, sessions, clock } = setUp((memory) => ({
      getTurn(...request) {
        calls += 1
        if (calls === 1) return Promise.reject(new Error('down'))
        return calls === 2 ? never : memory.getTurn(...request)
      },
    }))
    const agent = talking()
    const all = readAll(await begin(agent, { ...first, turnId: 'turn' }))
    await clock.advance(0)
    await sessions.requestStop(key, 'turn')
    await clock.advance(11_000)
    expect(inShort((await all).events).at(-1)).toBe('stopped')
  })

  it('before its agent was called starts none', async () => {
    const { sessions, clock } = setUp()
    const agent = scriptedAgent()
    const turn = await runTurn({ sessions, key, agent: driver, run: agent.run, hasHistory: true, clock })
    if (!turn.ok) throw new Error('busy')
    await turn.stop()
    expect(inShort((await readAll(turn.events)).events)).toEqual(['stopped'])
    expect(agent.requests).toHaveLength(0)
    expect(await sessions.getTurn(key, turn.turnId)).toMatchObject({ state: 'stopped' })
  })

  it('no longer asks for stops once it is over', async () => {
    let calls = 0
    const { begin, clock } = setUp((memory) => ({
      getTurn(...request) {
        calls += 1
        return memory.getTurn(...request)
      },
    }))
    await readAll(await begin(scriptedAgent([init('a'), ok('a')]), first))
    await clock.advance(10 * minute)
    expect(calls).toBe(0)
  })
})

describe('a store that fails at the end of a turn', () => {
  it('once is retried: the session is stored, and the reader gets done', async () => {
    let tries = 0
    const { begin, sessions, busyFor, clock } = setUp((memory) => ({
      endTurn: (...request) => {
        tries += 1
        return tries === 1 ? Promise.reject(new Error('503')) : memory.endTurn(...request)
      },
    }))
    const all = readAll(await begin(scriptedAgent([init('a'), ok('a')]), first))
    await clock.advance(250)
    const { events, error } = await all
    expect([error, inShort(events).at(-1)]).toEqual([undefined, 'done'])
    expect(await sessions.get(key)).toBe('a')
    expect(await busyFor()).toBe(0)
  })

  it('and did it all the same, its answer lost on the way, is no lost lease', async () => {
    let tries = 0
    const { begin, sessions, clock } = setUp((memory) => ({
      async endTurn(...request) {
        tries += 1
        const ended = await memory.endTurn(...request)
        if (tries === 1) throw new Error('the connection broke')
        return ended
      },
    }))
    const all = readAll(await begin(scriptedAgent([init('a'), ok('a')]), first))
    await clock.advance(250)
    expect((await all).error).toBeUndefined()
    expect(await sessions.get(key)).toBe('a')
  })

  it('while another turn took the key is a lost lease', async () => {
    let tries = 0
    const { begin, clock } = setUp((memory) => ({
      async endTurn(...request) {
        tries += 1
        if (tries === 1) throw new Error('503')
        await memory.delete(key)
        return memory.endTurn(...request)
      },
    }))
    const all = readAll(await begin(scriptedAgent([init('a'), ok('a')]), first))
    await clock.advance(250)
    expect((await all).error).toMatchObject({ code: 'lease-lost' })
  })
})

describe('a machine that was suspended', () => {
  it('and wakes after the lease gives out nothing more, though its monotonic clock stood still', async () => {
    const ticking = manualClock({ now: 1_800_000_000_000 })
    let asleep = 0
    const clock: Clock = { ...ticking, now: () => ticking.now() + asleep }
    const sessions = memoryAgentSessions({ clock })
    let goOn = (_?: unknown): void => {}
    const pause = new Promise((resolve) => {
      goOn = resolve
    })
    const agent = scriptedAgent([init('a'), text('Hi'), pause, text('there'), ok('a')])
    const turn = await runTurn({ sessions, key, agent: driver, run: agent.run, hasHistory: false, clock })
    if (!turn.ok) throw new Error('busy')
    const all = readAll(turn.events)
    await ticking.advance(0)
    asleep = 31_000
    goOn()
    await ticking.advance(0)
    const { events, error } = await all
    expect(inShort(events)).toEqual(['started fresh', 'init', 'Hi'])
    expect(error).toMatchObject({ code: 'lease-lost' })
    expect(agent.requests[0]?.signal.aborted).toBe(true)
  })
})

describe('a callback of the app that rejects', () => {
  it('onRecovery: the turn continues, and onError gets the error', async () => {
    const { begin, clock } = setUp()
    const errors: unknown[] = []
    const boom = new Error('the log is down')
    const { events } = await readAll(
      await begin(scriptedAgent([init('a'), ok('a')]), {
        onRecovery: () => Promise.reject(boom),
        onError: (error) => errors.push(error),
      }),
    )
    await clock.advance(0)
    expect(inShort(events).at(-1)).toBe('done')
    expect(errors).toEqual([boom])
  })

  it('onError: the error is dropped, and no rejection is left unhandled', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    const { begin, clock } = setUp()
    const onError = () => Promise.reject(new Error('the log is down'))
    const events = await begin(scriptedAgent([new Error('503')]), { onError })
    await events.next()
    await clock.advance(0)
    await events.return?.()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})
