import { describe, expect, it } from 'vitest'
import { tabKey } from '../../src/core/tab-key.js'
import type { TurnEvent } from '../../src/core/turn-event.js'
import { runTurn } from '../../src/server/run-turn.js'
import type { AgentRequest } from '../../src/server/turn-options.js'
import {
  driver,
  init,
  inShort,
  type Message,
  never,
  ok,
  readAll,
  scriptedAgent,
  text,
  untilAborted,
} from './scripted-agent.js'
import { key, type Options, setUp } from './turn-setup.js'

/** Reads `count` events. */
async function read(events: AsyncIterator<TurnEvent<Message>>, count: number): Promise<string[]> {
  const seen: TurnEvent<Message>[] = []
  for (let n = 0; n < count; n += 1) {
    const { value } = await events.next()
    if (value) seen.push(value)
  }
  return inShort(seen)
}

/** The first `count` events, or all and the error if it ends before. */
async function readSome(events: AsyncIterator<TurnEvent<Message>>, count: number) {
  const seen: TurnEvent<Message>[] = []
  try {
    while (seen.length < count) {
      const { value } = await events.next()
      if (!value) break
      seen.push(value)
    }
  } catch (error) {
    return { events: seen, error }
  }
  return { events: seen }
}

const obedient = (...before: Message[]) => scriptedAgent((request) => [...before, untilAborted(request)])
const deaf = (...before: Message[]) => scriptedAgent([...before, never])
const first = { hasHistory: false }
const otherKey = tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: 't2' })

describe('a reader who leaves', () => {
  it.each([
    ['an obedient', obedient],
    ['a deaf', deaf],
  ])('by return() is free at once although %s agent is silent, and so is a pending pull', async (_, agentWith) => {
    const { begin } = setUp()
    const agent = agentWith(init('a'), text('Hi'))
    const events = await begin(agent, first)
    await read(events, 3)
    const pending = events.next()
    expect(await events.return?.()).toEqual({ done: true, value: undefined })
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(agent.requests[0]?.signal.aborted).toBe(true)
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  it.each([
    ['an obedient', obedient],
    ['a deaf', deaf],
  ])('by the signal is told turn-interrupted at once although %s agent is silent', async (_, agentWith) => {
    const { begin } = setUp()
    const client = new AbortController()
    const agent = agentWith(init('a'), text('Hi'))
    const events = await begin(agent, { ...first, signal: client.signal })
    await read(events, 3)
    const pending = events.next()
    client.abort('gone')
    await expect(pending).rejects.toMatchObject({ code: 'turn-interrupted', cause: 'gone' })
    expect(agent.requests[0]?.signal.aborted).toBe(true)
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  it('gets nothing more of what waited to be read, and no error after return()', async () => {
    const { begin } = setUp()
    const client = new AbortController()
    const aborted = await begin(obedient(init('a')), { ...first, signal: client.signal })
    const returned = await begin(obedient(init('b')), { ...first, signal: client.signal, key: otherKey })
    await read(aborted, 1)
    await read(returned, 1)
    client.abort()
    await expect(aborted.next()).rejects.toMatchObject({ code: 'turn-interrupted' })
    await returned.return?.()
    expect(await returned.next()).toEqual({ done: true, value: undefined })
  })

  it('waits with freeing the key for an agent that takes its time to stop', async () => {
    const { begin, busyFor, clock } = setUp()
    const slow = (signal: AbortSignal): AsyncIterator<Message> => ({
      next: () =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => clock.setTimeout(() => reject(new Error('stopped')), 1_000))
        }),
    })
    const run = ({ signal }: AgentRequest) => ({ [Symbol.asyncIterator]: () => slow(signal) })
    const events = await begin({ ...scriptedAgent(), run }, first)
    void events.next()
    await clock.advance(0)
    await events.return?.()
    await clock.advance(999)
    expect(await busyFor()).toBeGreaterThan(0)
    await clock.advance(1)
    expect(await busyFor()).toBe(0)
  })

  it('just as the fresh run answers has that run closed', async () => {
    const { begin, sessions, clock } = setUp()
    await sessions.set(key, 'a')
    const client = new AbortController()
    const agent = scriptedAgent([new Error('no session a')], [init('b'), text('Hi'), ok('b')])
    const events = await begin(agent, { signal: client.signal, onRecovery: () => client.abort() })
    expect((await readAll(events)).error).toMatchObject({ code: 'turn-interrupted' })
    await clock.advance(0)
    expect(agent.ended()).toBe(2)
  })

  it('keeps the session of what was put out, and frees the key once the agent has stopped', async () => {
    const { begin, sessions, busyFor, clock } = setUp()
    const events = await begin(obedient(init('a'), text('Hi')), first)
    await read(events, 3)
    await events.return?.()
    await clock.advance(0)
    expect(await sessions.get(key)).toBe('a')
    expect(await busyFor()).toBe(0)
  })

  it('keeps no session of which nothing was put out', async () => {
    const { begin, sessions, busyFor, clock } = setUp()
    const events = await begin(obedient(init('a')), first)
    await read(events, 2)
    await events.return?.()
    await clock.advance(0)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await busyFor()).toBe(0)
  })

  it('frees the key after five seconds of an agent that does not stop', async () => {
    const { begin, sessions, busyFor, clock } = setUp()
    const events = await begin(deaf(init('a'), text('Hi')), first)
    await read(events, 3)
    void events.next()
    await events.return?.()
    await clock.advance(4_999)
    expect(await busyFor()).toBeGreaterThan(0)
    await clock.advance(1)
    expect(await busyFor()).toBe(0)
    expect(await sessions.get(key)).toBe('a')
  })

  it('before the agent’s first word leaves the stored session as it was', async () => {
    const { begin, sessions, busyFor, clock } = setUp()
    await sessions.set(key, 'a')
    const agent = obedient()
    const events = await begin(agent)
    const pending = events.next()
    await clock.advance(0)
    await events.return?.()
    expect(await pending).toMatchObject({ done: true })
    await clock.advance(0)
    expect(agent.requests[0]?.signal.aborted).toBe(true)
    expect(await sessions.get(key)).toBe('a')
    expect(await busyFor()).toBe(0)
  })

  it('before the first pull starts nothing and frees the key', async () => {
    for (const onDisconnect of ['abort', 'continue'] as const) {
      const { begin, busyFor, clock } = setUp()
      const agent = scriptedAgent()
      const events = await begin(agent, { onDisconnect })
      await events.return?.()
      await clock.advance(0)
      expect(agent.requests).toHaveLength(0)
      expect(await busyFor()).toBe(0)
    }
  })

  it('while the app looks for history starts no agent', async () => {
    const { begin, busyFor, clock } = setUp()
    const agent = scriptedAgent()
    let answer = (_: boolean): void => {}
    const hasHistory = () =>
      new Promise<boolean>((resolve) => {
        answer = resolve
      })
    const events = await begin(agent, { hasHistory })
    void events.next()
    await clock.advance(0)
    await events.return?.()
    answer(false)
    await clock.advance(0)
    expect(agent.requests).toHaveLength(0)
    expect(await busyFor()).toBe(0)
  })

  it('before the turn began costs no lease', async () => {
    const { sessions, busyFor } = setUp()
    const options = { sessions, key, agent: driver, run: scriptedAgent().run, hasHistory: false }
    const turn = runTurn({ ...options, signal: AbortSignal.abort() })
    await expect(turn).rejects.toMatchObject({ code: 'turn-interrupted' })
    expect(await busyFor()).toBe(0)
  })

  it('while the turn begins finds it interrupted, and the key free', async () => {
    const client = new AbortController()
    const { begin, busyFor, clock } = setUp((memory) => ({
      async beginTurn(...request) {
        client.abort()
        return memory.beginTurn(...request)
      },
    }))
    const agent = scriptedAgent()
    const events = await begin(agent, { signal: client.signal })
    await expect(events.next()).rejects.toMatchObject({ code: 'turn-interrupted' })
    await clock.advance(0)
    expect(agent.requests).toHaveLength(0)
    expect(await busyFor()).toBe(0)
  })

  it('while the store is slow to end the turn is free at once, and the turn is kept', async () => {
    let letGo = (_?: unknown): void => {}
    const { begin, sessions, clock } = setUp((memory) => ({
      async endTurn(...request) {
        await new Promise((resolve) => {
          letGo = resolve
        })
        return memory.endTurn(...request)
      },
    }))
    const client = new AbortController()
    const events = await begin(scriptedAgent([init('a'), ok('a')]), { ...first, signal: client.signal })
    await read(events, 3)
    const pending = events.next()
    await clock.advance(0)
    client.abort()
    await expect(pending).rejects.toMatchObject({ code: 'turn-interrupted' })
    letGo()
    await clock.advance(0)
    expect(await sessions.get(key)).toBe('a')
  })

  it('leaves no listener on its signal after the turn', async () => {
    const { begin } = setUp()
    const client = new AbortController()
    let listeners = 0
    const { signal } = client
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1
      remove(...args)
    }
    await readAll(await begin(scriptedAgent([init('a'), ok('a')]), { ...first, signal }))
    expect(listeners).toBe(0)
  })
})

describe('with onDisconnect continue, a reader who leaves', () => {
  it.each(['return', 'signal'] as const)(
    'by %s is free at once; the turn runs to its end and is stored',
    async (how) => {
      const { begin, sessions, busyFor, clock } = setUp()
      const client = new AbortController()
      let goOn = (_?: unknown): void => {}
      const pause = new Promise((resolve) => {
        goOn = resolve
      })
      const agent = scriptedAgent([init('a'), text('Hi'), pause, text('there'), ok('a')])
      const events = await begin(agent, { ...first, onDisconnect: 'continue', signal: client.signal })
      await read(events, 3)
      const pending = events.next().catch(() => 'interrupted')
      if (how === 'return') await events.return?.()
      else client.abort()
      await pending
      expect(agent.requests[0]?.signal.aborted).toBe(false)
      await clock.advance(60_000)
      expect(await busyFor()).toBeGreaterThan(0)
      goOn()
      await clock.advance(0)
      expect(agent.ended()).toBe(1)
      expect(await sessions.get(key)).toBe('a')
      expect(await busyFor()).toBe(0)
    },
  )

  it('between two pulls does not stop the turn either', async () => {
    const { begin, sessions, clock } = setUp()
    const events = await begin(scriptedAgent([init('a'), text('Hi'), ok('a')]), { ...first, onDisconnect: 'continue' })
    await read(events, 1)
    await events.return?.()
    await clock.advance(0)
    expect(await sessions.get(key)).toBe('a')
  })

  it('before the agent’s first word still gets the turn recovered and stored', async () => {
    const { begin, sessions, clock } = setUp()
    await sessions.set(key, 'a')
    let refuse = (_: unknown): void => {}
    const refusal = new Promise((_, reject) => {
      refuse = reject
    })
    const agent = scriptedAgent([refusal], [init('b'), text('Hi'), ok('b')])
    const events = await begin(agent, { onDisconnect: 'continue' })
    void events.next()
    await clock.advance(0)
    await events.return?.()
    refuse(new Error('no session a'))
    await clock.advance(0)
    expect(await sessions.get(key)).toBe('b')
  })

  it('still has the agent stopped when the lease is lost, and reports it to the server', async () => {
    const { begin, sessions, clock } = setUp()
    const agent = obedient(init('a'), text('Hi'))
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    const events = await begin(agent, { ...first, onDisconnect: 'continue', onError })
    await read(events, 3)
    await events.return?.()
    await sessions.delete(key)
    await clock.advance(10_000)
    expect(agent.requests[0]?.signal.aborted).toBe(true)
    expect(agent.ended()).toBe(1)
    expect(errors).toMatchObject([{ code: 'lease-lost' }])
  })
})

describe('onError', () => {
  const boom = new Error('503 overloaded')

  /** What `onError` is told of a turn whose reader leaves after `count` events, then all that is left to do is done. */
  async function told(
    count: number,
    agent: ReturnType<typeof scriptedAgent>,
    { failing, ...options }: Partial<Options> & { failing?: Parameters<typeof setUp>[0] } = {},
  ) {
    const { begin, clock } = setUp(failing)
    const errors: unknown[] = []
    const events = await begin(agent, { ...first, ...options, onError: (error) => errors.push(error) })
    const reading = readSome(events, count)
    await clock.advance(30_000) // a store that fails is asked again until the lease ends
    const seen = await reading
    await events.return?.()
    await clock.advance(60_000)
    return { errors, seen }
  }

  it.each(['return', 'signal'] as const)('gets what ended a turn after its reader left by %s', async (how) => {
    const client = new AbortController()
    let fail = (_: unknown): void => {}
    const failing = new Promise((_, reject) => {
      fail = reject
    })
    const { begin, clock } = setUp()
    const errors: unknown[] = []
    const events = await begin(scriptedAgent([init('a'), text('Hi'), failing]), {
      ...first,
      onDisconnect: 'continue',
      signal: client.signal,
      onError: (error) => errors.push(error),
    })
    await read(events, 3)
    if (how === 'return') await events.return?.()
    else client.abort()
    await clock.advance(0)
    expect(errors).toEqual([])
    fail(boom)
    await clock.advance(0)
    expect(errors).toMatchObject([{ code: 'turn-failed', cause: boom }])
  })

  it('gets an error that waited for a reader who left without reading it', async () => {
    const { begin, clock } = setUp()
    const errors: unknown[] = []
    const events = await begin(scriptedAgent([boom]), { hasHistory: true, onError: (error) => errors.push(error) })
    expect(await read(events, 1)).toEqual(['recovered unknown'])
    await clock.advance(0)
    expect(errors).toEqual([])
    await events.return?.()
    expect(errors).toMatchObject([{ code: 'turn-failed', cause: boom }])
  })

  it('gets neither what the reader gets nor that a reader left', async () => {
    expect(await told(9, scriptedAgent([init('a'), boom]))).toMatchObject({
      errors: [],
      seen: { error: { cause: boom } },
    })
    expect((await told(2, obedient(init('a')))).errors).toEqual([])
    expect((await told(2, deaf(init('a')))).errors).toEqual([])
    expect((await told(9, scriptedAgent([init('a'), ok('a')]))).errors).toEqual([])
  })

  it('hears that the session of a turn that was cut short could not be stored', async () => {
    const failing = () => ({ endTurn: () => Promise.reject(boom) })
    expect((await told(3, obedient(init('a'), text('Hi')), { failing })).errors).toEqual([boom])
    // A reader who is still there hears of the agent's error, the app of the store's.
    const crash = new Error('crash')
    expect(await told(9, scriptedAgent([init('a'), crash]), { failing })).toMatchObject({
      errors: [boom],
      seen: { error: { cause: crash } },
    })
  })

  it('gets what onRecovery throws, and the turn continues', async () => {
    const onRecovery = () => {
      throw boom
    }
    const { errors, seen } = await told(9, scriptedAgent([init('a'), ok('a')]), { hasHistory: true, onRecovery })
    expect(errors).toEqual([boom])
    expect(inShort(seen.events).at(-1)).toBe('done')
  })

  it('may throw itself, which breaks nothing', async () => {
    const { begin, sessions, clock } = setUp(() => ({ endTurn: () => Promise.reject(boom) }))
    const onError = () => {
      throw new Error('the log is down')
    }
    const events = await begin(obedient(init('a'), text('Hi')), { ...first, onError })
    await read(events, 3)
    await events.return?.()
    await clock.advance(60_000)
    expect(await sessions.get(key)).toBeUndefined()
  })
})
