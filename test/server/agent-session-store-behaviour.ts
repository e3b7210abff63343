import { expect, it } from 'vitest'
import { isLeftoffError } from '../../src/core/error.js'
import { tabKey } from '../../src/core/tab-key.js'
import type { AgentSessionStore } from '../../src/server/agent-session-store.js'

/** A store whose ids expire after {@link expiryMs}, and a way to let time pass for it. */
export interface OpenedStore {
  readonly sessions: AgentSessionStore
  wait(ms: number): Promise<void>
}

export const expiryMs = 24 * 60 * 60 * 1000

const key = tabKey({ userId: 'u1', workspace: 'demo.alive.best', tabId: 't1' })
const otherKey = tabKey({ userId: 'u2', workspace: 'demo.alive.best', tabId: 't1' })
const mine = { leaseId: '11111111-1111-4111-8111-111111111111', leaseMs: 30_000 }
const theirs = { leaseId: '22222222-2222-4222-8222-222222222222', leaseMs: 30_000 }

/** Each sentence of the `AgentSessionStore` contract, in its order. */
const behaviours: Record<string, (store: OpenedStore) => Promise<void>> = {
  'get gives what was set, for that key only': async ({ sessions }) => {
    await sessions.set(key, 'a')
    expect(await sessions.get(key)).toBe('a')
    expect(await sessions.get(otherKey)).toBeUndefined()
  },
  'get gives nothing from the very moment the id has expired': async ({ sessions, wait }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs - 1)
    expect(await sessions.get(key)).toBe('a')
    await wait(1)
    expect(await sessions.get(key)).toBeUndefined()
  },
  'get is no activity: it does not slide the expiry': async ({ sessions, wait }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs - 1)
    await sessions.get(key)
    await wait(1)
    expect(await sessions.get(key)).toBeUndefined()
  },
  'set slides the expiry': async ({ sessions, wait }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs - 1)
    await sessions.set(key, 'a')
    await wait(expiryMs - 1)
    expect(await sessions.get(key)).toBe('a')
  },
  'set is refused as turn-busy while a turn holds the lease, and changes nothing': async ({ sessions, wait }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    await wait(10_000)
    const error = await sessions.set(key, 'b').catch((refusal: unknown) => refusal)
    expect(isLeftoffError(error, 'turn-busy') && error.retryAfterMs).toBe(20_000)
    expect(await sessions.get(key)).toBe('a')
  },
  'set works once the lease ran out, and the late turn can no longer write over it': async ({ sessions, wait }) => {
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs)
    await sessions.set(key, 'b')
    expect(await sessions.endTurn(key, mine.leaseId, 'late')).toBe(false)
    expect(await sessions.get(key)).toBe('b')
  },
  'set refuses an empty id, with which an agent would start afresh in silence': async ({ sessions }) => {
    await expect(sessions.set(key, '')).rejects.toMatchObject({ code: 'invalid-argument' })
  },
  'delete forgets the id and says so; deleting nothing says so too': async ({ sessions }) => {
    await sessions.set(key, 'a')
    expect(await sessions.delete(key)).toBe(true)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.delete(key)).toBe(false)
  },
  'delete with an expected id deletes only that one': async ({ sessions }) => {
    await sessions.set(key, 'a')
    expect(await sessions.delete(key, 'b')).toBe(false)
    expect(await sessions.get(key)).toBe('a')
    expect(await sessions.delete(key, 'a')).toBe(true)
  },
  'delete ends any lease: the turn that held it can do nothing more': async ({ sessions }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    await sessions.delete(key)
    expect(await sessions.renewTurn(key, mine.leaseId, mine.leaseMs)).toBe(false)
    expect(await sessions.clearStale(key, mine.leaseId, 'a')).toBe(false)
    expect(await sessions.endTurn(key, mine.leaseId, 'b')).toBe(false)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: true })
  },
  'beginTurn gives the stored id': async ({ sessions }) => {
    await sessions.set(key, 'a')
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, agentSessionId: 'a', expired: false })
  },
  'beginTurn of an unknown key begins without an id': async ({ sessions }) => {
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, expired: false })
  },
  'beginTurn is busy while another turn holds the lease, and says for how long': async ({ sessions, wait }) => {
    await sessions.beginTurn(key, mine)
    await wait(10_000)
    expect(await sessions.beginTurn(key, theirs)).toEqual({ ok: false, retryAfterMs: 20_000 })
    expect(await sessions.beginTurn(otherKey, theirs)).toMatchObject({ ok: true })
  },
  'of many turns that begin at once exactly one does': async ({ sessions }) => {
    const begun = await Promise.all(
      Array.from({ length: 20 }, (_, n) => sessions.beginTurn(key, { leaseId: `lease-${n}`, leaseMs: 30_000 })),
    )
    expect(begun.filter(({ ok }) => ok)).toHaveLength(1)
  },
  'beginTurn takes a lease that ran out': async ({ sessions, wait }) => {
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs)
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: true })
    expect(await sessions.renewTurn(key, mine.leaseId, mine.leaseMs)).toBe(false)
  },
  'beginTurn twice with the same leaseId is the same turn': async ({ sessions }) => {
    await sessions.set(key, 'a')
    const first = await sessions.beginTurn(key, mine)
    expect(await sessions.beginTurn(key, mine)).toEqual(first)
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: false })
  },
  'beginTurn slides the expiry of the id': async ({ sessions, wait }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs - 1)
    await sessions.beginTurn(key, mine)
    await wait(expiryMs - 1)
    expect(await sessions.get(key)).toBe('a')
  },
  'beginTurn does not give an id that ran out, says that it did, and does so when repeated': async ({
    sessions,
    wait,
  }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs)
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, expired: true })
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, expired: true })
    expect(await sessions.get(key)).toBeUndefined()
  },
  'renewTurn makes the lease last from now on': async ({ sessions, wait }) => {
    await sessions.beginTurn(key, mine)
    await wait(20_000)
    expect(await sessions.renewTurn(key, mine.leaseId, mine.leaseMs)).toBe(true)
    await wait(20_000)
    expect(await sessions.beginTurn(key, theirs)).toEqual({ ok: false, retryAfterMs: 10_000 })
  },
  'renewTurn works just after the lease ran out, while no one else took it': async ({ sessions, wait }) => {
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs + 1)
    expect(await sessions.renewTurn(key, mine.leaseId, mine.leaseMs)).toBe(true)
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: false })
  },
  'renewTurn with another leaseId, or of an unknown key, is refused': async ({ sessions }) => {
    await sessions.beginTurn(key, mine)
    expect(await sessions.renewTurn(key, theirs.leaseId, 30_000)).toBe(false)
    expect(await sessions.renewTurn(otherKey, mine.leaseId, 30_000)).toBe(false)
  },
  'clearStale forgets the expected id and keeps the lease': async ({ sessions }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    expect(await sessions.clearStale(key, mine.leaseId, 'a')).toBe(true)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: false })
  },
  'clearStale leaves any other id alone': async ({ sessions }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    expect(await sessions.clearStale(key, mine.leaseId, 'b')).toBe(false)
    expect(await sessions.get(key)).toBe('a')
  },
  'clearStale works only with the lease, even if it has just run out': async ({ sessions, wait }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    expect(await sessions.clearStale(key, theirs.leaseId, 'a')).toBe(false)
    await wait(mine.leaseMs + 1)
    expect(await sessions.clearStale(key, mine.leaseId, 'a')).toBe(true)
  },
  'endTurn stores the id, slides the expiry and ends the lease': async ({ sessions, wait }) => {
    await sessions.beginTurn(key, mine)
    await wait(10_000)
    expect(await sessions.endTurn(key, mine.leaseId, 'a')).toBe(true)
    await wait(expiryMs - 1)
    expect(await sessions.beginTurn(key, theirs)).toEqual({ ok: true, agentSessionId: 'a', expired: false })
  },
  'endTurn without an id keeps the stored one': async ({ sessions }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    expect(await sessions.endTurn(key, mine.leaseId)).toBe(true)
    expect(await sessions.get(key)).toBe('a')
  },
  'endTurn without an id does not revive one that ran out': async ({ sessions, wait }) => {
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
  'a late endTurn can not end the turn that came after': async ({ sessions, wait }) => {
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs)
    await sessions.beginTurn(key, theirs)
    expect(await sessions.endTurn(key, mine.leaseId, 'late')).toBe(false)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.renewTurn(key, theirs.leaseId, 30_000)).toBe(true)
  },
}

/** Declares a test for each sentence of the contract. */
export function agentSessionStoreBehaviour(open: () => OpenedStore): void {
  for (const [sentence, prove] of Object.entries(behaviours)) it(sentence, () => prove(open()))
}
