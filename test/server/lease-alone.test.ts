import { describe, expect, it } from 'vitest'
import type { AgentSessionStore, TurnOutcome } from '../../src/server/agent-session-store.js'
import { createLease, type LeaseOptions, momentOf } from '../../src/server/lease.js'
import { memoryAgentSessions } from '../../src/server/memory-agent-sessions.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { never } from './scripted-agent.js'
import { key } from './turn-setup.js'

// A lease by itself: in a turn, the turn ends before it would ask again. `lease.test.ts` has those that run.
const leaseMs = 5_750
const turn = { leaseId: 'lease', leaseMs, turnId: 'turn', messageHash: 'hash' }
const takenOver = 'Another turn took over this conversation, or it was deleted. Load it again before sending.'
const unconfirmed =
  'The lease of this turn could not be confirmed in time, so another turn may be running. Check the session store.'

async function setUp(
  failing: (sessions: AgentSessionStore) => Partial<AgentSessionStore> = () => ({}),
  changed: Partial<LeaseOptions> = {},
) {
  const clock = manualClock({ now: 1_000_000 })
  const memory = memoryAgentSessions({ clock })
  const sessions = { ...memory, ...failing(memory) }
  await memory.beginTurn(key, turn)
  const lost: unknown[] = []
  const lease = createLease({ ...turn, sessions, key, clock, begunAt: momentOf(clock), ...changed })
  return { clock, memory, lease, lost, start: () => lease.start((error) => lost.push(error)) }
}

/** What came of a promise by now. */
function outcomeOf(promise: Promise<unknown>) {
  const outcome: { state: 'open' | 'kept' | 'failed'; error?: unknown } = { state: 'open' }
  promise.then(
    () => Object.assign(outcome, { state: 'kept' }),
    (error: unknown) => Object.assign(outcome, { state: 'failed', error }),
  )
  return outcome
}

describe('a lease is held', () => {
  it('from its start to its end, not before and not after', async () => {
    const { lease, start } = await setUp()
    expect(lease.isHeld()).toBe(false)
    await start()
    expect(lease.isHeld()).toBe(true)
    await lease.end({ outcome: 'done' })
    expect(lease.isHeld()).toBe(false)
  })

  it('for no moment longer by either clock, and says once that it is lost, and why', async () => {
    const down = new Error('down')
    let slept = 0
    const { clock, lease, lost, start } = await setUp(() => ({ renewTurn: () => Promise.reject(down) }), {
      clock: { ...manualClock(), monotonic: () => 0, now: () => slept, setTimeout: () => () => {} },
      begunAt: { monotonic: 0, wall: 0 },
    })
    await start()
    slept = leaseMs - 1
    expect(lease.isHeld()).toBe(true)
    slept = leaseMs
    expect(lease.isHeld()).toBe(false)
    expect(lease.isHeld()).toBe(false)
    await clock.advance(leaseMs)
    expect(lost).toEqual([expect.objectContaining({ code: 'lease-lost', message: unconfirmed })])
  })

  it('until the store was down too long: what it said last is the cause', async () => {
    const down = new Error('down')
    const { clock, lost, start } = await setUp(() => ({ renewTurn: () => Promise.reject(down) }))
    await start()
    await clock.advance(leaseMs - 1)
    expect(lost).toEqual([])
    await clock.advance(1)
    expect(lost).toEqual([expect.objectContaining({ code: 'lease-lost', message: unconfirmed, cause: down })])
  })

  it('without a confirmation at its start, however long the machine has been up', async () => {
    let renewals = 0
    const upMs = 86_400_000
    const clock = manualClock()
    const up = { ...clock, monotonic: () => upMs + clock.monotonic() }
    const { start } = await setUp(
      () => ({
        renewTurn: () => {
          renewals++
          return Promise.resolve(true)
        },
      }),
      { clock: up, begunAt: momentOf(up) },
    )
    await start()
    expect(renewals).toBe(0)
  })
})

describe('clearing a stale id', () => {
  it('fails by name when the store does not answer in time', async () => {
    const { clock, lease } = await setUp(() => ({ clearStale: () => never }))
    const cleared = outcomeOf(lease.clearStale('a'))
    await clock.advance(leaseMs - 1)
    expect(cleared.state).toBe('open')
    await clock.advance(1)
    expect(cleared.error).toMatchObject({ message: `The store did not answer clearStale within ${leaseMs} ms.` })
  })

  it('is refused when another turn has the key', async () => {
    const { lease } = await setUp(() => ({ clearStale: () => Promise.resolve(false) }))
    await expect(lease.clearStale('a')).rejects.toMatchObject({ code: 'lease-lost', message: takenOver })
  })
})

describe('ending a lease', () => {
  it('is tried again after a quarter of a second, then twice as long, at most 2 s, while the lease lasts', async () => {
    const triedAt: number[] = []
    const down = new Error('down')
    const { clock, lease } = await setUp(() => ({
      endTurn: () => {
        triedAt.push(clock.monotonic())
        return Promise.reject(down)
      },
    }))
    const ended = outcomeOf(lease.end({ outcome: 'done' }))
    await clock.advance(2 * leaseMs)
    // The next one would come when the lease is over.
    expect(triedAt).toEqual([0, 250, 750, 1_750, 3_750])
    expect(ended).toEqual({ state: 'failed', error: down })
  })

  it.each<TurnOutcome>(['done', 'stopped', 'failed', 'not-started'])(
    'as %s whose answer was lost is known by what the store has',
    async (outcome) => {
      let tries = 0
      const { clock, lease, memory } = await setUp((sessions) => ({
        async endTurn(...request) {
          const isEnded = await sessions.endTurn(...request)
          if (++tries === 1) throw new Error('lost its answer')
          return isEnded
        },
      }))
      const ended = outcomeOf(lease.end({ outcome }))
      await clock.advance(250)
      expect(ended).toEqual({ state: 'kept' })
      expect(tries).toBe(2)
      expect((await memory.getTurn(key, turn.turnId))?.state).toBe(outcome === 'not-started' ? undefined : outcome)
    },
  )

  it.each<[TurnOutcome, TurnOutcome]>([
    ['done', 'failed'],
    ['not-started', 'done'],
  ])('as %s is refused after a failure when the store has it as %s', async (outcome, stored) => {
    let tries = 0
    const { clock, lease } = await setUp((sessions) => ({
      async endTurn(...request) {
        if (++tries > 1) return sessions.endTurn(...request)
        await sessions.endTurn(key, turn.leaseId, { outcome: stored })
        throw new Error('lost its answer')
      },
    }))
    const ended = outcomeOf(lease.end({ outcome }))
    await clock.advance(250)
    expect(ended).toMatchObject({ state: 'failed', error: { code: 'lease-lost', message: takenOver } })
  })

  it('is refused at once when nothing had failed: the key is another turn’s', async () => {
    let asked = 0
    const { lease, memory } = await setUp((sessions) => ({
      getTurn: (...request) => {
        asked++
        return sessions.getTurn(...request)
      },
    }))
    await memory.endTurn(key, turn.leaseId, { outcome: 'done' })
    await expect(lease.end({ outcome: 'done' })).rejects.toMatchObject({ code: 'lease-lost', message: takenOver })
    expect(asked).toBe(0)
  })
})
