import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.js'
import { type TabKey, tabKey } from '../../src/core/tab-key.js'
import type { AgentSessionStore } from '../../src/server/agent-session-store.js'
import { memoryAgentSessions } from '../../src/server/memory-agent-sessions.js'
import { agentSessionStoreConformance } from '../../src/testing/agent-session-store-conformance.js'
import { manualClock } from '../../src/testing/manual-clock.js'

describe('memoryAgentSessions', () => {
  agentSessionStoreConformance({
    open: () => {
      const clock = manualClock({ now: 1_800_000_000_000 })
      return { sessions: memoryAgentSessions({ clock }), wait: clock.advance }
    },
  })

  it('expires to the millisecond', async () => {
    const clock = manualClock()
    const sessions = memoryAgentSessions({ clock })
    await sessions.set(key, 'a')
    await clock.advance(expiryMs - 1)
    expect(await sessions.get(key)).toBe('a')
    await clock.advance(1)
    expect(await sessions.get(key)).toBeUndefined()
  })

  it('says to the millisecond for how long a key is taken', async () => {
    const clock = manualClock()
    const sessions = memoryAgentSessions({ clock })
    await sessions.beginTurn(key, turn('first'))
    await clock.advance(10_000)
    expect(await sessions.beginTurn(key, turn('second'))).toMatchObject({ ok: false, retryAfterMs: 20_000 })
  })

  it('expires after expiryMs when given', async () => {
    const clock = manualClock()
    const sessions = memoryAgentSessions({ clock, expiryMs: 1_000 })
    await sessions.set(key, 'a')
    await clock.advance(1_000)
    expect(await sessions.get(key)).toBeUndefined()
  })

  it('forgets that an id ran out once it has been gone as long again', async () => {
    const clock = manualClock()
    const sessions = memoryAgentSessions({ clock })
    await sessions.set(key, 'a')
    await clock.advance(2 * expiryMs)
    expect(await sessions.beginTurn(key, turn('l'))).toEqual({ ok: true, expired: false })
  })

  it('uses a monotonic clock: a wall clock put forward lets no second turn in', async () => {
    const clock = manualClock()
    let jump = 0
    const sessions = memoryAgentSessions({ clock: { ...clock, now: () => clock.now() + jump } })
    await sessions.beginTurn(key, turn('first'))
    jump = 31_000
    expect(await sessions.beginTurn(key, turn('second'))).toMatchObject({ ok: false, retryAfterMs: 30_000 })
    jump = -31_000
    await clock.advance(30_000)
    expect(await sessions.beginTurn(key, turn('second'))).toMatchObject({ ok: true })
  })

  it('keeps no more keys than maxKeys, however many clients make up: the quietest go, never one with a turn', async () => {
    const clock = manualClock()
    const sessions = memoryAgentSessions({ clock, maxKeys: 3 })
    const keyOf = (n: number) => tabKey({ userId: 'u1', workspace: 'w', tabId: `t${n}` })
    await sessions.beginTurn(keyOf(0), turn('held'))
    for (let n = 1; n < 1_000; n += 1) await sessions.set(keyOf(n), `${n}`)
    const kept = await Promise.all(Array.from({ length: 1_000 }, (_, n) => sessions.get(keyOf(n))))
    expect(kept.flatMap((id) => id ?? [])).toEqual(['998', '999'])
    expect(await sessions.renewTurn(keyOf(0), 'held', 30_000)).toBe(true)
  })

  it('says so when each of its keys has a turn', async () => {
    const sessions = memoryAgentSessions({ clock: manualClock(), maxKeys: 1 })
    await sessions.beginTurn(key, turn('held'))
    const other = tabKey({ userId: 'u2', workspace: 'w', tabId: 't1' })
    await expect(sessions.beginTurn(other, turn('other'))).rejects.toMatchObject({ code: 'storage-unavailable' })
    expect(await sessions.renewTurn(key, 'held', 30_000)).toBe(true)
  })
})

describe('a store whose keys go with a TTL, as in Redis', () => {
  agentSessionStoreConformance({
    forgetsExpired: true,
    open: () => {
      const clock = manualClock({ now: 1_800_000_000_000 })
      return { sessions: withTtl(memoryAgentSessions({ clock }), clock), wait: clock.advance }
    },
  })
})

/** Forgets a key when its session expires and no lease holds it. */
function withTtl(store: AgentSessionStore, clock: Clock): AgentSessionStore {
  const goneAt = new Map<TabKey, { session: number; lease: number }>()
  const keep = (key: TabKey, part: { session?: number; lease?: number }) => {
    goneAt.set(key, { session: 0, lease: 0, ...goneAt.get(key), ...part })
  }
  const sweep = async (key: TabKey) => {
    const { session = 0, lease = 0 } = goneAt.get(key) ?? {}
    if (Math.max(session, lease) > clock.now() || !goneAt.delete(key)) return
    await store.delete(key)
  }
  const swept =
    <Request extends unknown[], Result>(verb: (key: TabKey, ...request: Request) => Promise<Result>) =>
    async (key: TabKey, ...request: Request) => {
      await sweep(key)
      return verb(key, ...request)
    }
  return {
    get: swept(store.get),
    delete: swept(store.delete),
    getTurn: swept(store.getTurn),
    requestStop: swept(store.requestStop),
    clearStale: swept(store.clearStale),
    set: swept(async (key, id) => {
      await store.set(key, id)
      keep(key, { session: clock.now() + expiryMs })
    }),
    beginTurn: swept(async (key, turn) => {
      const begun = await store.beginTurn(key, turn)
      if (begun.ok) keep(key, { session: clock.now() + expiryMs, lease: clock.now() + turn.leaseMs })
      return begun
    }),
    renewTurn: swept(async (key, leaseId, leaseMs) => {
      const isHeld = await store.renewTurn(key, leaseId, leaseMs)
      if (isHeld) keep(key, { lease: clock.now() + leaseMs })
      return isHeld
    }),
    endTurn: swept(async (key, leaseId, end) => {
      const hasEnded = await store.endTurn(key, leaseId, end)
      if (hasEnded) keep(key, { session: clock.now() + expiryMs, lease: 0 })
      return hasEnded
    }),
  }
}

const key = tabKey({ userId: 'u1', workspace: 'w', tabId: 't1' })
const turn = (leaseId: string) => ({ leaseId, leaseMs: 30_000, turnId: `turn-${leaseId}`, messageHash: 'hash' })
const expiryMs = 24 * 60 * 60 * 1000
