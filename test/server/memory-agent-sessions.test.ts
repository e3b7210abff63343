import { describe, expect, it } from 'vitest'
import { tabKey } from '../../src/core/tab-key.js'
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
    const key = tabKey({ userId: 'u1', workspace: 'w', tabId: 't1' })
    await sessions.set(key, 'a')
    await clock.advance(expiryMs - 1)
    expect(await sessions.get(key)).toBe('a')
    await clock.advance(1)
    expect(await sessions.get(key)).toBeUndefined()
  })

  it('says to the millisecond for how long a key is taken', async () => {
    const clock = manualClock()
    const sessions = memoryAgentSessions({ clock })
    const key = tabKey({ userId: 'u1', workspace: 'w', tabId: 't1' })
    await sessions.beginTurn(key, { leaseId: 'first', leaseMs: 30_000 })
    await clock.advance(10_000)
    expect(await sessions.beginTurn(key, { leaseId: 'second', leaseMs: 30_000 })).toEqual({
      ok: false,
      retryAfterMs: 20_000,
    })
  })

  it('expires after expiryMs when given', async () => {
    const clock = manualClock()
    const sessions = memoryAgentSessions({ clock, expiryMs: 1_000 })
    const key = tabKey({ userId: 'u1', workspace: 'w', tabId: 't1' })
    await sessions.set(key, 'a')
    await clock.advance(1_000)
    expect(await sessions.get(key)).toBeUndefined()
  })

  it('forgets that an id ran out once it has been gone as long again', async () => {
    const clock = manualClock()
    const sessions = memoryAgentSessions({ clock })
    const key = tabKey({ userId: 'u1', workspace: 'w', tabId: 't1' })
    await sessions.set(key, 'a')
    await clock.advance(2 * expiryMs)
    expect(await sessions.beginTurn(key, { leaseId: 'l', leaseMs: 1_000 })).toEqual({ ok: true, expired: false })
  })
})

const expiryMs = 24 * 60 * 60 * 1000
