import { describe, expect, it } from 'vitest'
import { init, inShort, type Message, never, ok, readAll, scriptedAgent, text, untilAborted } from './scripted-agent.js'
import { key, otherTurn, setUp } from './turn-setup.js'

const minute = 60_000

/** An agent that can be made to go on, and honours the signal meanwhile. */
function pausing(...rest: Message[]) {
  let resume = (_?: unknown): void => {}
  const agent = scriptedAgent((request) => {
    const pause = new Promise((resolve) => {
      resume = resolve
    })
    return [init('a'), text('Hi'), Promise.race([pause, untilAborted(request)]), ...rest]
  })
  return { agent, resume: () => resume() }
}

describe('the lease of a turn', () => {
  it('is kept through a turn of 20 minutes, and free after it', async () => {
    const { begin, busyFor, clock, sessions } = setUp()
    const { agent, resume } = pausing(ok('a'))
    const all = readAll(await begin(agent))
    for (let n = 0; n < 20; n += 1) {
      await clock.advance(minute)
      expect(await busyFor()).toBeGreaterThanOrEqual(20_000)
    }
    resume()
    const { events, error } = await all
    expect(error).toBeUndefined()
    expect(inShort(events).at(-1)).toBe('done')
    expect(await sessions.get(key)).toBe('a')
    expect(await busyFor()).toBe(0)
  })

  it('is renewed every third of its time, and not after the end', async () => {
    const renewedAt: number[] = []
    const { begin, clock } = setUp((memory) => ({
      renewTurn: (...request) => {
        renewedAt.push(clock.monotonic())
        return memory.renewTurn(...request)
      },
    }))
    const { agent, resume } = pausing(ok('a'))
    const all = readAll(await begin(agent))
    await clock.advance(35_000)
    expect(renewedAt).toEqual([10_000, 20_000, 30_000])
    resume()
    await all
    await clock.advance(minute)
    expect(renewedAt).toHaveLength(3)
  })

  it('is confirmed before run when a third of it has passed at the first pull', async () => {
    const calls: string[] = []
    const { begin, clock } = setUp((memory) => ({
      renewTurn: (...request) => {
        calls.push('renew')
        return memory.renewTurn(...request)
      },
    }))
    const script = (called: string) => () => {
      calls.push(called)
      return [init('a'), ok('a')]
    }
    const early = await begin(scriptedAgent(script('run early')))
    await clock.advance(9_999)
    await readAll(early)
    const late = await begin(scriptedAgent(script('run late')))
    await clock.advance(10_000)
    await readAll(late)
    expect(calls).toEqual(['run early', 'renew', 'run late'])
  })

  it('is good even if it ran out before the first pull, as long as no one else took it', async () => {
    const { begin, clock } = setUp()
    const events = await begin(scriptedAgent([init('a'), ok('a')]))
    await clock.advance(2 * minute)
    expect((await readAll(events)).error).toBeUndefined()
  })

  it('is lost, and the agent never started, if another turn took it before the first pull', async () => {
    const { begin, clock, sessions } = setUp()
    const agent = scriptedAgent()
    const events = await begin(agent)
    await clock.advance(minute)
    await sessions.beginTurn(key, otherTurn)
    expect(await readAll(events)).toMatchObject({ events: [], error: { code: 'lease-lost' } })
    expect(agent.requests).toHaveLength(0)
  })

  it('lost by a refused renewal stops the agent before the reader knows, and throws', async () => {
    const { begin, clock, sessions, busyFor } = setUp()
    const { agent } = pausing(ok('a'))
    const all = readAll(await begin(agent))
    let wasAborted: boolean | undefined
    void all.then(() => {
      wasAborted = agent.requests[0]?.signal.aborted
    })
    await clock.advance(0)
    await sessions.delete(key)
    await sessions.beginTurn(key, otherTurn)
    await clock.advance(10_000)
    const { events, error } = await all
    expect(inShort(events)).toEqual(['recovered unknown', 'started fresh', 'init', 'Hi'])
    expect(error).toMatchObject({ code: 'lease-lost' })
    expect(wasAborted).toBe(true)
    expect(agent.ended()).toBe(1)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await busyFor()).toBe(50_000)
  })

  it('survives a store that is down for a while', async () => {
    let isDown = false
    const { begin, clock } = setUp((memory) => ({
      renewTurn: (...request) => (isDown ? Promise.reject(new Error('down')) : memory.renewTurn(...request)),
    }))
    const { agent, resume } = pausing(ok('a'))
    const all = readAll(await begin(agent))
    isDown = true
    await clock.advance(25_000)
    isDown = false
    await clock.advance(0)
    expect(agent.requests[0]?.signal.aborted).toBe(false)
    resume()
    expect((await all).error).toBeUndefined()
  })

  it.each([
    ['is down', () => Promise.reject(new Error('down'))],
    ['does not answer', () => never],
  ])('is lost when the store %s until its time is over, counted from before the request', async (_, renewTurn) => {
    const { begin, clock } = setUp(() => ({ renewTurn }))
    const { agent } = pausing(ok('a'))
    const events = await begin(agent)
    await clock.advance(5_000)
    const all = readAll(events)
    await clock.advance(24_999)
    expect(agent.requests[0]?.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(agent.requests[0]?.signal.aborted).toBe(true)
    expect((await all).error).toMatchObject({ code: 'lease-lost' })
  })

  it('counts a renewal from when it was sent, not from when it was answered', async () => {
    let answer = (_: boolean): void => {}
    let renewals = 0
    const { begin, clock } = setUp(() => ({
      renewTurn: () => {
        renewals += 1
        return renewals > 1
          ? never
          : new Promise((resolve) => {
              answer = resolve
            })
      },
    }))
    const { agent } = pausing(ok('a'))
    const all = readAll(await begin(agent))
    await clock.advance(29_000)
    answer(true) // sent at 10 s
    await clock.advance(10_999)
    expect(agent.requests[0]?.signal.aborted).toBe(false)
    await clock.advance(1)
    expect((await all).error).toMatchObject({ code: 'lease-lost' })
  })

  it('lost while the timers slept lets no message through', async () => {
    const { begin, clock } = setUp()
    let slept = 0
    const sleepy = { ...clock, monotonic: () => clock.monotonic() + slept }
    const { agent, resume } = pausing(text('too late'), ok('a'))
    const all = readAll(await begin(agent, { clock: sleepy }))
    await clock.advance(0)
    slept = 30_000
    resume()
    const { events, error } = await all
    expect(inShort(events).at(-1)).toBe('Hi')
    expect(error).toMatchObject({ code: 'lease-lost' })
    expect(agent.requests[0]?.signal.aborted).toBe(true)
  })

  it('lost while the app looked for history starts no agent', async () => {
    const { begin, clock } = setUp()
    let slept = 0
    const sleepy = { ...clock, monotonic: () => clock.monotonic() + slept }
    const agent = scriptedAgent()
    const hasHistory = () => {
      slept = 30_000
      return false
    }
    const { events, error } = await readAll(await begin(agent, { clock: sleepy, hasHistory }))
    expect(events).toEqual([])
    expect(error).toMatchObject({ code: 'lease-lost' })
    expect(agent.requests).toHaveLength(0)
  })

  it('is not kept alive for a reader who left while it was being confirmed', async () => {
    let answer = (_: boolean): void => {}
    let renewals = 0
    const { begin, clock } = setUp(() => ({
      renewTurn: () => {
        renewals += 1
        return new Promise((resolve) => {
          answer = resolve
        })
      },
    }))
    const agent = scriptedAgent()
    const events = await begin(agent)
    await clock.advance(10_000)
    void events.next()
    await events.return?.()
    await clock.advance(5_000)
    answer(true)
    await clock.advance(minute)
    expect(renewals).toBe(1)
    expect(agent.requests).toHaveLength(0)
  })

  it('lost to the end of another turn throws instead of done', async () => {
    const { begin, sessions } = setUp()
    const agent = scriptedAgent(() => [init('a'), ok('a'), sessions.delete(key)])
    const { events, error } = await readAll(await begin(agent))
    expect(inShort(events)).not.toContain('done')
    expect(error).toMatchObject({ code: 'lease-lost' })
    expect(await sessions.get(key)).toBeUndefined()
  })

  it('lost to a store that came back still keeps the session of what was put out', async () => {
    let isDown = true
    const { begin, clock, sessions } = setUp((memory) => ({
      renewTurn: (...request) => (isDown ? Promise.reject(new Error('down')) : memory.renewTurn(...request)),
    }))
    const { agent } = pausing()
    const all = readAll(await begin(agent))
    await clock.advance(30_000)
    isDown = false
    expect((await all).error).toMatchObject({ code: 'lease-lost' })
    await clock.advance(0)
    expect(await sessions.get(key)).toBe('a')
  })
})
