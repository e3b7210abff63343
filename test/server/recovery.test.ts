import { describe, expect, it } from 'vitest'
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
import { key, setUp } from './turn-setup.js'

const day = 24 * 60 * 60 * 1000
const stale = (id: string): Message => ({ type: 'error', id: 'random', says: `no session ${id}` })
const answer = (id: string, words = 'Hi') => [init(id), text(words), ok(id)]
const fresh = ['started fresh', 'init', 'Hi', 'ok', 'done']

describe('a session that the agent no longer has', () => {
  it.each([
    ['as a result', [stale('a')]],
    ['as a result and then thrown', [stale('a'), new Error('exit 1')]],
    ['as a thrown error', [new Error('no session a')]],
  ])('is replaced by a fresh one, once and told, when the agent says so %s', async (_, refusal) => {
    const { begin, sessions, reports } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent(refusal, answer('b'))
    const { events, error } = await readAll(await begin(agent))
    expect(error).toBeUndefined()
    expect(inShort(events)).toEqual(['recovered stale', ...fresh])
    expect(agent.requests.map(({ resume }) => resume)).toEqual(['a', undefined])
    expect(await sessions.get(key)).toBe('b')
    expect(reports).toEqual([{ attempted: 'fresh', reason: 'stale', outcome: 'recovered' }])
  })

  it('is recognised by what the agent wrote to stderr', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent((request) => {
      request.onStderr('no session a')
      return [new Error('exit 1')]
    }, answer('b'))
    const { events } = await readAll(await begin(agent))
    expect(inShort(events)).toEqual(['recovered stale', ...fresh])
  })

  it('is cleared before the fresh run starts', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    let storedAtStart: Promise<string | undefined> | undefined
    const agent = scriptedAgent([stale('a')], () => {
      storedAtStart = sessions.get(key)
      return answer('b')
    })
    await readAll(await begin(agent))
    expect(await storedAtStart).toBeUndefined()
  })

  it('is not tried a third time', async () => {
    const { begin, sessions, reports } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent([stale('a')], [stale('a')])
    const { events, error } = await readAll(await begin(agent))
    expect(inShort(events)).toEqual(['recovered stale', 'started fresh', 'error'])
    expect(error).toMatchObject({ code: 'turn-failed' })
    expect(agent.requests).toHaveLength(2)
    expect(reports).toEqual([{ attempted: 'fresh', reason: 'stale', outcome: 'failed' }])
  })

  it('is reported again at the next turn when the fresh run was killed before it answered', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const crash = new Error('killed')
    const killed = await readAll(await begin(scriptedAgent([stale('a')], [crash])))
    expect(inShort(killed.events)).toEqual(['recovered stale'])
    expect(killed.error).toMatchObject({ code: 'turn-failed', cause: crash })
    const { events } = await readAll(await begin(scriptedAgent(answer('b'))))
    expect(inShort(events)).toEqual(['recovered unknown', ...fresh])
  })

  it('gets the app’s own summary as the context of the fresh run', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent([stale('a')], answer('b'))
    await readAll(await begin(agent, { rehydrate: async ({ reason }) => `a summary, as it is ${reason}` }))
    expect(agent.requests.map(({ context }) => context)).toEqual([undefined, 'a summary, as it is stale'])
  })

  it('is left alone when anything at all came before', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent([{ type: 'note' }, new Error('no session a')])
    const { events, error } = await readAll(await begin(agent))
    expect(inShort(events)).toEqual(['note'])
    expect(error).toMatchObject({ code: 'turn-failed', cause: { message: 'no session a' }, canStartFresh: true })
    expect(await sessions.get(key)).toBe('a')
  })

  it.each([
    ['a timeout', new Error('timeout')],
    ['an unknown error', new Error('503')],
    ['the words about another session', new Error('no session b')],
    ['an error result', { type: 'error', id: 'random', says: 'API: no session' } as const],
  ])('is not what %s means: the id stays and nothing is tried again', async (_, failure) => {
    const { begin, sessions, reports } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent([failure])
    const { events, error } = await readAll(await begin(agent))
    expect(error).toBeDefined()
    expect(inShort(events).join()).not.toContain('recovered')
    expect(agent.requests).toHaveLength(1)
    expect(await sessions.get(key)).toBe('a')
    expect(reports).toEqual([])
  })

  it('is an error with both causes when the store cannot forget it', async () => {
    const down = new Error('store is down')
    const { begin, sessions, reports } = setUp(() => ({ clearStale: () => Promise.reject(down) }))
    await sessions.set(key, 'a')
    const refusal = new Error('no session a')
    const agent = scriptedAgent([refusal], answer('b'))
    const { events, error } = await readAll(await begin(agent))
    expect(events).toEqual([])
    expect(error).toMatchObject({ code: 'recovery-failed', cause: { errors: [refusal, down] } })
    expect(agent.requests).toHaveLength(1)
    expect(reports).toEqual([{ attempted: 'fresh', reason: 'stale', outcome: 'failed', error: down }])
  })

  it('frees the key when the store never answers whether it forgot it', async () => {
    const { begin, busyFor, clock, sessions } = setUp(() => ({ clearStale: () => never }))
    await sessions.set(key, 'a')
    const all = readAll(await begin(scriptedAgent([stale('a')])))
    await clock.advance(30_000)
    expect((await all).error).toMatchObject({ code: 'recovery-failed' })
    expect(await busyFor()).toBe(0)
  })

  it('is not replaced by a turn that has lost its lease', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent(() => [sessions.delete(key), stale('a')], answer('b'))
    const events = await begin(agent)
    const { error } = await readAll(events)
    expect(error).toMatchObject({ code: 'lease-lost' })
    expect(agent.requests).toHaveLength(1)
  })

  it('is not replaced once the reader has left', async () => {
    const { begin, sessions, clock } = setUp()
    await sessions.set(key, 'a')
    let refuse = (_: unknown): void => {}
    const refusal = new Promise((_, reject) => {
      refuse = reject
    })
    const agent = scriptedAgent([refusal], answer('b'))
    const events = await begin(agent)
    void events.next()
    await clock.advance(0)
    await events.return?.()
    refuse(new Error('no session a'))
    await clock.advance(0)
    expect(agent.requests).toHaveLength(1)
    expect(await sessions.get(key)).toBe('a')
  })
})

describe('a resume point that the agent no longer has', () => {
  it('is dropped first: the session is resumed without it, and no context is lost', async () => {
    const { begin, sessions, reports } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent([new Error('no point m7')], answer('a'))
    const { events } = await readAll(await begin(agent, { resumeAt: 'm7' }))
    expect(inShort(events).slice(0, 2)).toEqual(['recovered stale-point with context', 'started resumed'])
    expect(agent.requests[1]).toMatchObject({ resume: 'a' })
    expect(agent.requests[1]).not.toHaveProperty('resumeAt')
    expect(reports).toEqual([{ attempted: 'without-point', reason: 'stale-point', outcome: 'recovered' }])
  })

  it('leads to a fresh run when the session is gone too, and is reported once', async () => {
    const { begin, sessions, reports } = setUp()
    await sessions.set(key, 'a')
    const agent = scriptedAgent([new Error('no point m7')], [stale('a')], answer('b'))
    const { events } = await readAll(await begin(agent, { resumeAt: 'm7' }))
    expect(inShort(events)).toEqual(['recovered stale', ...fresh])
    expect(reports).toEqual([
      { attempted: 'without-point', reason: 'stale-point', outcome: 'failed' },
      { attempted: 'fresh', reason: 'stale', outcome: 'recovered' },
    ])
  })
})

describe('no session to resume', () => {
  it('is reported as unknown when the conversation has messages', async () => {
    const { begin } = setUp()
    const agent = scriptedAgent(answer('a'))
    const { events } = await readAll(await begin(agent, { hasHistory: async () => true, rehydrate: () => 'a summary' }))
    expect(inShort(events)).toEqual(['recovered unknown', ...fresh])
    expect(agent.requests[0]).toMatchObject({ context: 'a summary' })
  })

  it('is reported before the first message of the agent', async () => {
    const { begin } = setUp()
    const events = await begin(scriptedAgent((request) => [untilAborted(request)]))
    expect((await events.next()).value).toEqual({ type: 'recovered', reason: 'unknown', contextLost: true })
  })

  it('is reported as expired a second after its 24 hours', async () => {
    const { begin, sessions, clock } = setUp()
    await sessions.set(key, 'a')
    await clock.advance(day + 1_000)
    const { events } = await readAll(await begin(scriptedAgent(answer('b'))))
    expect(inShort(events)).toEqual(['recovered expired', ...fresh])
    expect(await sessions.get(key)).toBe('b')
  })

  it('is nothing to tell in a conversation without messages', async () => {
    const { begin, reports } = setUp()
    const { events } = await readAll(await begin(scriptedAgent(answer('a')), { hasHistory: () => false }))
    expect(inShort(events)).toEqual(fresh)
    expect(reports).toEqual([])
  })

  it('does not ask about messages when there is a session', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const hasHistory = () => {
      throw new Error('asked')
    }
    const { error } = await readAll(await begin(scriptedAgent(answer('a')), { hasHistory }))
    expect(error).toBeUndefined()
  })
})

describe('a stored id that is not the agent’s', () => {
  it('is never used: the turn runs fresh and says invalid', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a session title')
    const agent = scriptedAgent(answer('b'))
    const { events } = await readAll(await begin(agent))
    expect(inShort(events)).toEqual(['recovered invalid', ...fresh])
    expect(agent.requests[0]).not.toHaveProperty('resume')
    expect(await sessions.get(key)).toBe('b')
  })

  it('is replaced too when only the agent sees it', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const { events } = await readAll(await begin(scriptedAgent([new Error('bad id a')], answer('b'))))
    expect(inShort(events)).toEqual(['recovered invalid', ...fresh])
  })
})

describe('an agent that answers from another session in silence', () => {
  it('has lost the context, and the reader gets the event', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const { events } = await readAll(await begin(scriptedAgent([{ type: 'note' }, ...answer('b')])))
    expect(inShort(events)).toEqual(['recovered changed', 'started fresh', 'note', 'init', 'Hi', 'ok', 'done'])
    expect(await sessions.get(key)).toBe('b')
  })

  it('has lost nothing if each of its turns has an id of its own', async () => {
    const { begin, sessions } = setUp()
    await sessions.set(key, 'a')
    const agent = { ...driver, hasNewIdEachTurn: true }
    const { events } = await readAll(await begin(scriptedAgent(answer('b')), { agent }))
    expect(inShort(events)[0]).toBe('started resumed')
    expect(await sessions.get(key)).toBe('b')
  })
})
