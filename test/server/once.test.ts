import { describe, expect, it } from 'vitest'
import { runTurn } from '../../src/server/run-turn.js'
import { hashMessage } from '../../src/server/turn-ids.js'
import { driver, init, ok, readAll, scriptedAgent, text, untilAborted } from './scripted-agent.js'
import { key, setUp } from './turn-setup.js'

const turnId = 'turn-1'
const answer = [init('a'), text('Hi'), ok('a')]

/** A send of the turn, whatever may come of it. */
function sendTo({ sessions, clock }: ReturnType<typeof setUp>, agent = scriptedAgent(), messageHash = 'hash') {
  const options = { sessions, key, agent: driver, run: agent.run, hasHistory: false, clock, turnId, messageHash }
  return runTurn(options)
}

describe('a turn that is sent again', () => {
  it('does not run while it runs, and says so', async () => {
    const setup = setUp()
    const agent = scriptedAgent((request) => [init('a'), untilAborted(request)])
    const events = await setup.begin(agent, { turnId, messageHash: 'hash' })
    await events.next()
    const again = await sendTo(setup)
    expect(again).toMatchObject({ ok: false, reason: 'repeated', turn: { turnId, state: 'running' } })
    expect(agent.requests).toHaveLength(1)
  })

  it('does not run after its end, and says how it ended', async () => {
    for (const [script, state] of [
      [answer, 'done'],
      [[init('a'), new Error('503')], 'failed'],
    ] as const) {
      const setup = setUp()
      const agent = scriptedAgent(script)
      await readAll(await setup.begin(agent, { turnId, messageHash: 'hash' }))
      await setup.clock.advance(2 * 60 * 60 * 1000)
      expect(await sendTo(setup)).toMatchObject({ ok: false, reason: 'repeated', turn: { state }, retryAfterMs: 0 })
      expect(agent.requests).toHaveLength(1)
    }
  })

  it('runs if it never got to the agent: the next send is its first', async () => {
    const setup = setUp()
    const hasHistory = () => Promise.reject(new Error('messages are down'))
    await readAll(await setup.begin(scriptedAgent(), { turnId, messageHash: 'hash', hasHistory }))
    const again = await sendTo(setup, scriptedAgent(answer))
    expect(again.ok).toBe(true)
  })

  it('runs if its reader left before the first pull', async () => {
    const setup = setUp()
    const events = await setup.begin(scriptedAgent(), { turnId, messageHash: 'hash' })
    await events.return?.()
    await setup.clock.advance(0)
    expect((await sendTo(setup)).ok).toBe(true)
  })

  it('with another message is refused as that', async () => {
    const setup = setUp()
    await readAll(await setup.begin(scriptedAgent(answer), { turnId, messageHash: 'hash' }))
    expect(await sendTo(setup, undefined, 'another')).toMatchObject({ ok: false, reason: 'other-message' })
  })

  it('is another turn’s business if the id was left out: each send is a turn of its own', async () => {
    const { begin } = setUp()
    const agent = scriptedAgent(answer, answer)
    await readAll(await begin(agent))
    await readAll(await begin(agent))
    expect(agent.requests).toHaveLength(2)
  })

  it('must have an id that a store may keep', async () => {
    const { begin } = setUp()
    for (const id of ['', 'a b', 'x'.repeat(65), '../1']) {
      await expect(begin(scriptedAgent(), { turnId: id })).rejects.toMatchObject({ code: 'invalid-argument' })
    }
  })
})

describe('hashMessage', () => {
  it('is 64 bits that tell messages and their ids apart', async () => {
    const hashes = await Promise.all([
      hashMessage('m1', 'pay the invoice'),
      hashMessage('m2', 'pay the invoice'),
      hashMessage('m1', 'pay the invoice.'),
      hashMessage('m1', { text: 'pay the invoice' }),
    ])
    expect(new Set(hashes).size).toBe(4)
    for (const hash of hashes) expect(hash).toMatch(/^[A-Za-z0-9_-]{11}$/)
    expect(await hashMessage('m1', 'pay the invoice')).toBe(hashes[0])
  })
})
