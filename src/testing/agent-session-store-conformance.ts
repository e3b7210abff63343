import { expect, it } from 'vitest'
import { createId } from '../core/create-id.js'
import { isLeftoffError } from '../core/error.js'
import { type TabKey, tabKey } from '../core/tab-key.js'
import type { AgentSessionStore, BeginTurnResult } from '../server/agent-session-store.js'

/** What {@link agentSessionStoreConformance} needs of a store. */
export interface AgentSessionStoreConformance {
  /** An empty store whose ids expire after 24 h. Called once for each test. */
  readonly open: () => OpenedAgentSessionStore | Promise<OpenedAgentSessionStore>
  /** A workspace that the store knows; `demo.alive.best`. */
  readonly workspace?: string
}

/** A store under test. */
export interface OpenedAgentSessionStore {
  readonly sessions: AgentSessionStore
  /** Lets time pass for the store: moves its clock on, or makes everything in it older. */
  wait(ms: number): void | Promise<void>
}

/**
 * The tests that every `AgentSessionStore` passes, one per sentence of its contract. Call it in a `describe` of vitest.
 *
 * @example
 * ```ts
 * import { memoryAgentSessions } from 'leftoff/server'
 * import { agentSessionStoreConformance, manualClock } from 'leftoff/testing'
 *
 * agentSessionStoreConformance({
 *   open: () => {
 *     const clock = manualClock()
 *     return { sessions: memoryAgentSessions({ clock }), wait: clock.advance }
 *   },
 * })
 * ```
 */
export function agentSessionStoreConformance({
  open,
  workspace = 'demo.alive.best',
}: AgentSessionStoreConformance): void {
  const key = tabKey({ userId: 'u1', workspace, tabId: 't1' })
  const otherKey = tabKey({ userId: 'u2', workspace, tabId: 't1' })
  for (const [sentence, prove] of Object.entries(sentences)) {
    it(sentence, async () => prove({ ...(await open()), key, otherKey }))
  }
}

interface StoreUnderTest extends OpenedAgentSessionStore {
  readonly key: TabKey
  readonly otherKey: TabKey
}

const expiryMs = 24 * 60 * 60 * 1000
/** Real time passes too in a store that has a clock of its own. */
const margin = 60_000

const mine = { leaseId: '11111111-1111-4111-8111-111111111111', leaseMs: 30_000 }
const theirs = { leaseId: '22222222-2222-4222-8222-222222222222', leaseMs: 30_000 }

// Each sentence of the contract, in its order.
const sentences: Record<string, (store: StoreUnderTest) => Promise<void>> = {
  'get gives what was set, for that key only': async ({ sessions, key, otherKey }) => {
    await sessions.set(key, 'a')
    expect(await sessions.get(key)).toBe('a')
    expect(await sessions.get(otherKey)).toBeUndefined()
  },
  'get gives nothing once the id has expired, with no sweeper running': async ({ sessions, wait, key }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs - margin)
    expect(await sessions.get(key)).toBe('a')
    await wait(margin)
    expect(await sessions.get(key)).toBeUndefined()
  },
  'get is no activity: it does not slide the expiry': async ({ sessions, wait, key }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs - margin)
    await sessions.get(key)
    await wait(margin)
    expect(await sessions.get(key)).toBeUndefined()
  },
  'set slides the expiry': async ({ sessions, wait, key }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs - margin)
    await sessions.set(key, 'a')
    await wait(expiryMs - margin)
    expect(await sessions.get(key)).toBe('a')
  },
  'set is refused as turn-busy while a turn holds the lease, and changes nothing': async ({ sessions, wait, key }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    await wait(10_000)
    const error = await sessions.set(key, 'b').catch((refusal: unknown) => refusal)
    expect(isLeftoffError(error, 'turn-busy')).toBe(true)
    expectAbout(20_000, isLeftoffError(error) ? error.retryAfterMs : undefined)
    expect(await sessions.get(key)).toBe('a')
  },
  'set works once the lease ran out, and the late turn can no longer write over it': async ({
    sessions,
    wait,
    key,
  }) => {
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs)
    await sessions.set(key, 'b')
    expect(await sessions.endTurn(key, mine.leaseId, 'late')).toBe(false)
    expect(await sessions.get(key)).toBe('b')
  },
  'set refuses an empty id, with which an agent would start afresh in silence': async ({ sessions, key }) => {
    await expect(sessions.set(key, '')).rejects.toMatchObject({ code: 'invalid-argument' })
  },
  'delete forgets the id and says so; deleting nothing says so too': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    expect(await sessions.delete(key)).toBe(true)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.delete(key)).toBe(false)
  },
  'delete with an expected id deletes only that one': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    expect(await sessions.delete(key, 'b')).toBe(false)
    expect(await sessions.get(key)).toBe('a')
    expect(await sessions.delete(key, 'a')).toBe(true)
  },
  'delete ends any lease: the turn that held it can do nothing more': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    await sessions.delete(key)
    expect(await sessions.renewTurn(key, mine.leaseId, mine.leaseMs)).toBe(false)
    expect(await sessions.clearStale(key, mine.leaseId, 'a')).toBe(false)
    expect(await sessions.endTurn(key, mine.leaseId, 'b')).toBe(false)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: true })
  },
  'beginTurn gives the stored id': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, agentSessionId: 'a', expired: false })
  },
  'beginTurn of an unknown key begins without an id': async ({ sessions, key }) => {
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, expired: false })
  },
  'beginTurn is busy while another turn holds the lease, and says for how long': async ({
    sessions,
    wait,
    key,
    otherKey,
  }) => {
    await sessions.beginTurn(key, mine)
    await wait(10_000)
    expectBusyFor(20_000, await sessions.beginTurn(key, theirs))
    expect(await sessions.beginTurn(otherKey, theirs)).toMatchObject({ ok: true })
  },
  'of many turns that begin at once exactly one does': async ({ sessions, key }) => {
    const begun = await Promise.all(
      Array.from({ length: 20 }, () => sessions.beginTurn(key, { leaseId: createId(), leaseMs: 30_000 })),
    )
    expect(begun.filter(({ ok }) => ok)).toHaveLength(1)
  },
  'beginTurn takes a lease that ran out': async ({ sessions, wait, key }) => {
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs)
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: true })
    expect(await sessions.renewTurn(key, mine.leaseId, mine.leaseMs)).toBe(false)
  },
  'beginTurn twice with the same leaseId is the same turn': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    const first = await sessions.beginTurn(key, mine)
    expect(await sessions.beginTurn(key, mine)).toEqual(first)
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: false })
  },
  'beginTurn slides the expiry of the id': async ({ sessions, wait, key }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs - margin)
    await sessions.beginTurn(key, mine)
    await wait(expiryMs - margin)
    expect(await sessions.get(key)).toBe('a')
  },
  'beginTurn does not give an id that ran out, says that it did, and does so when repeated': async ({
    sessions,
    wait,
    key,
  }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs)
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, expired: true })
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, expired: true })
    expect(await sessions.get(key)).toBeUndefined()
  },
  'renewTurn makes the lease last from now on': async ({ sessions, wait, key }) => {
    await sessions.beginTurn(key, mine)
    await wait(20_000)
    expect(await sessions.renewTurn(key, mine.leaseId, mine.leaseMs)).toBe(true)
    await wait(20_000)
    expectBusyFor(10_000, await sessions.beginTurn(key, theirs))
  },
  'renewTurn works just after the lease ran out, while no one else took it': async ({ sessions, wait, key }) => {
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs + 1)
    expect(await sessions.renewTurn(key, mine.leaseId, mine.leaseMs)).toBe(true)
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: false })
  },
  'renewTurn is activity: it slides the expiry': async ({ sessions, wait, key }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    await wait(expiryMs - margin)
    expect(await sessions.renewTurn(key, mine.leaseId, mine.leaseMs)).toBe(true)
    await wait(expiryMs - margin)
    expect(await sessions.get(key)).toBe('a')
  },
  'renewTurn with another leaseId, or of an unknown key, is refused': async ({ sessions, key, otherKey }) => {
    await sessions.beginTurn(key, mine)
    expect(await sessions.renewTurn(key, theirs.leaseId, 30_000)).toBe(false)
    expect(await sessions.renewTurn(otherKey, mine.leaseId, 30_000)).toBe(false)
  },
  'clearStale forgets the expected id and keeps the lease': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    expect(await sessions.clearStale(key, mine.leaseId, 'a')).toBe(true)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: false })
  },
  'clearStale leaves any other id alone': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    expect(await sessions.clearStale(key, mine.leaseId, 'b')).toBe(false)
    expect(await sessions.get(key)).toBe('a')
  },
  'clearStale works only with the lease, even if it has just run out': async ({ sessions, wait, key }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    expect(await sessions.clearStale(key, theirs.leaseId, 'a')).toBe(false)
    await wait(mine.leaseMs + 1)
    expect(await sessions.clearStale(key, mine.leaseId, 'a')).toBe(true)
  },
  'endTurn stores the id, slides the expiry and ends the lease': async ({ sessions, wait, key }) => {
    await sessions.beginTurn(key, mine)
    await wait(10_000)
    expect(await sessions.endTurn(key, mine.leaseId, 'a')).toBe(true)
    await wait(expiryMs - margin)
    expect(await sessions.beginTurn(key, theirs)).toEqual({ ok: true, agentSessionId: 'a', expired: false })
  },
  'endTurn without an id keeps the stored one': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    expect(await sessions.endTurn(key, mine.leaseId)).toBe(true)
    expect(await sessions.get(key)).toBe('a')
  },
  'of many recoveries of one stale id one stores its fresh id, and no newer id is deleted': async ({
    sessions,
    key,
  }) => {
    await sessions.set(key, 'stale')
    const recoveries = Array.from({ length: 50 }, async (_, n) => {
      const deleted = await sessions.delete(key, 'stale')
      const leaseId = createId()
      const begun = await sessions.beginTurn(key, { leaseId, leaseMs: 30_000 })
      // One that comes late finds the fresh id, which is not stale, and goes on with it.
      if (!begun.ok || begun.agentSessionId !== undefined) return { deleted }
      const fresh = `fresh ${n}`
      return { deleted, stored: (await sessions.endTurn(key, leaseId, fresh)) ? fresh : undefined }
    })
    const outcomes = await Promise.all(recoveries)
    expect(outcomes.filter(({ deleted }) => deleted)).toHaveLength(1)
    const stored = outcomes.flatMap((outcome) => (outcome.stored === undefined ? [] : [outcome.stored]))
    expect(stored).toHaveLength(1)
    expect(await sessions.get(key)).toBe(stored[0])
  },
  'endTurn without an id does not revive one that ran out': async ({ sessions, wait, key }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs)
    await sessions.beginTurn(key, mine)
    await sessions.endTurn(key, mine.leaseId)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.beginTurn(key, theirs)).toEqual({ ok: true, expired: true })
  },
  'endTurn works only with the lease, even if it has just run out; else nothing changes': async ({
    sessions,
    wait,
    key,
  }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    expect(await sessions.endTurn(key, theirs.leaseId, 'b')).toBe(false)
    expect(await sessions.get(key)).toBe('a')
    await wait(mine.leaseMs + 1)
    expect(await sessions.endTurn(key, mine.leaseId, 'c')).toBe(true)
    expect(await sessions.get(key)).toBe('c')
    expect(await sessions.endTurn(key, mine.leaseId, 'd')).toBe(false)
    expect(await sessions.get(key)).toBe('c')
  },
  'a late endTurn can not end the turn that came after': async ({ sessions, wait, key }) => {
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs)
    await sessions.beginTurn(key, theirs)
    expect(await sessions.endTurn(key, mine.leaseId, 'late')).toBe(false)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.renewTurn(key, theirs.leaseId, 30_000)).toBe(true)
  },
}

/** A remaining time, of which the test itself has used a little. */
function expectAbout(ms: number, actual: number | undefined): void {
  expect(actual).toBeLessThanOrEqual(ms)
  expect(actual).toBeGreaterThan(ms - 10_000)
}

function expectBusyFor(ms: number, result: BeginTurnResult): void {
  expect(result).toMatchObject({ ok: false })
  expectAbout(ms, result.ok ? undefined : result.retryAfterMs)
}
