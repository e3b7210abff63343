import { describe, expect, it } from 'vitest'
import { driver, init, inShort, never, ok, readAll, scriptedAgent, text } from './scripted-agent.js'
import { setUp } from './turn-setup.js'

describe('what the driver says after `done`', () => {
  async function toldAfter(afterDone: () => Promise<unknown>): Promise<readonly unknown[]> {
    const { begin, clock } = setUp()
    const told: unknown[] = []
    const agent = { ...driver, createWatch: () => ({ note: () => {}, afterDone }) }
    const options = { agent, onError: (error: unknown) => told.push(error) }
    const { events, error } = await readAll(await begin(scriptedAgent([init('a'), text('Hi'), ok('a')]), options))
    await clock.advance(0)
    expect(error).toBeUndefined()
    expect(inShort(events).at(-1)).toBe('done')
    return told
  }

  it('goes to onError: the reader has the answer', async () => {
    const notKept = new Error('the agent did not keep the turn')
    expect(await toldAfter(() => Promise.resolve(notKept))).toEqual([notKept])
  })

  it('goes to onError also if it could not find out', async () => {
    const unreadable = new Error('no such file')
    expect(await toldAfter(() => Promise.reject(unreadable))).toEqual([unreadable])
  })

  it('is nothing if the agent kept the turn', async () => {
    expect(await toldAfter(() => Promise.resolve(undefined))).toEqual([])
  })
})

describe('a turn that fails while the store does not answer', () => {
  it('tells its reader after twice the time that an agent has to stop', async () => {
    const { begin, clock } = setUp(() => ({ endTurn: () => never }))
    // Of a lease of 30 s an agent has 10 s to stop, but 5 s at most.
    const reading = readAll(await begin(scriptedAgent([new Error('503')]), { hasHistory: false }))
    let isTold = false
    void reading.then(() => {
      isTold = true
    })
    await clock.advance(9_999)
    expect(isTold).toBe(false)
    await clock.advance(1)
    expect((await reading).error).toMatchObject({ code: 'turn-failed' })
  })
})
