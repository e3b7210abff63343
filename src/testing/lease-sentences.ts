import { expect } from 'vitest'
import { createId } from '../core/keys-and-ids.js'
import { expectBusyFor, expiryMs, margin, mine, type Sentences, theirs } from './store-under-test.js'

/** What the contract says about who may run. */
export const leaseSentences: Sentences = {
  'beginTurn gives the stored id': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, agentSessionId: 'a', expired: false })
  },
  'beginTurn of an unknown key begins without an id': async ({ sessions, key }) => {
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, expired: false })
  },
  'beginTurn is refused while another turn holds the lease, names that turn, and says for how long': async ({
    sessions,
    wait,
    key,
    otherKey,
  }) => {
    await sessions.beginTurn(key, mine)
    await wait(10_000)
    const refused = await sessions.beginTurn(key, theirs)
    expectBusyFor(20_000, refused)
    const { turnId, messageHash } = mine
    expect(refused).toMatchObject({ turn: { turnId, messageHash, state: 'running' } })
    expect(await sessions.beginTurn(otherKey, theirs)).toMatchObject({ ok: true })
  },
  'of many turns that begin at once exactly one does': async ({ sessions, key }) => {
    const begun = await Promise.all(
      Array.from({ length: 20 }, () => sessions.beginTurn(key, { ...mine, leaseId: createId(), turnId: createId() })),
    )
    expect(begun.filter(({ ok }) => ok)).toHaveLength(1)
  },
  'beginTurn takes a lease that ran out': async ({ sessions, wait, key }) => {
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs)
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: true })
    expect(await sessions.renewTurn(key, mine.leaseId, mine.leaseMs)).toBe(false)
  },
  'beginTurn again with the same leaseId and turnId is the same turn': async ({ sessions, wait, key }) => {
    await sessions.set(key, 'a')
    const first = await sessions.beginTurn(key, mine)
    await wait(10_000)
    expect(await sessions.beginTurn(key, mine)).toEqual(first)
    expectBusyFor(30_000, await sessions.beginTurn(key, theirs))
    expect(await sessions.beginTurn(key, { ...theirs, leaseId: mine.leaseId })).toMatchObject({ ok: false })
  },
  'beginTurn slides the expiry of the id': async ({ sessions, wait, key }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs - margin)
    await sessions.beginTurn(key, mine)
    await wait(expiryMs - margin)
    expect(await sessions.get(key)).toBe('a')
  },
  'beginTurn does not give an id that ran out': async ({ sessions, wait, key }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs)
    const begun = await sessions.beginTurn(key, mine)
    expect(begun).toMatchObject({ ok: true })
    expect(begun).not.toHaveProperty('agentSessionId')
    expect(await sessions.get(key)).toBeUndefined()
  },
  'beginTurn says that an id ran out while the store remembers it, also when repeated': async ({
    sessions,
    wait,
    key,
  }) => {
    await sessions.set(key, 'a')
    await wait(expiryMs)
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, expired: true })
    expect(await sessions.beginTurn(key, mine)).toEqual({ ok: true, expired: true })
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
  'renewTurn leaves the expiry alone: a turn slides it when it begins and when it ends': async ({
    sessions,
    wait,
    key,
  }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    await wait(expiryMs - margin)
    expect(await sessions.renewTurn(key, mine.leaseId, 2 * margin)).toBe(true)
    await wait(margin)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.endTurn(key, mine.leaseId, { agentSessionId: 'a', outcome: 'done' })).toBe(true)
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
    expect(await sessions.endTurn(key, mine.leaseId, { agentSessionId: 'a', outcome: 'done' })).toBe(true)
    await wait(expiryMs - margin)
    expect(await sessions.beginTurn(key, theirs)).toEqual({ ok: true, agentSessionId: 'a', expired: false })
  },
  'endTurn without an id keeps the stored one': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    expect(await sessions.endTurn(key, mine.leaseId, { outcome: 'done' })).toBe(true)
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
      const begun = await sessions.beginTurn(key, { ...mine, leaseId, turnId: leaseId })
      // One that comes late finds the fresh id, which is not stale, and continues with it.
      if (!begun.ok || begun.agentSessionId !== undefined) return { deleted }
      const fresh = `fresh ${n}`
      return {
        deleted,
        stored: (await sessions.endTurn(key, leaseId, { agentSessionId: fresh, outcome: 'done' })) ? fresh : undefined,
      }
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
    await sessions.endTurn(key, mine.leaseId, { outcome: 'done' })
    expect(await sessions.get(key)).toBeUndefined()
  },
  'endTurn works only with the lease, even if it has just run out; else nothing changes': async ({
    sessions,
    wait,
    key,
  }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    expect(await sessions.endTurn(key, theirs.leaseId, { agentSessionId: 'b', outcome: 'done' })).toBe(false)
    expect(await sessions.get(key)).toBe('a')
    await wait(mine.leaseMs + 1)
    expect(await sessions.endTurn(key, mine.leaseId, { agentSessionId: 'c', outcome: 'done' })).toBe(true)
    expect(await sessions.get(key)).toBe('c')
    expect(await sessions.endTurn(key, mine.leaseId, { agentSessionId: 'd', outcome: 'done' })).toBe(false)
    expect(await sessions.get(key)).toBe('c')
  },
  'a late endTurn can not end the turn that came after': async ({ sessions, wait, key }) => {
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs)
    await sessions.beginTurn(key, theirs)
    expect(await sessions.endTurn(key, mine.leaseId, { agentSessionId: 'late', outcome: 'done' })).toBe(false)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.renewTurn(key, theirs.leaseId, 30_000)).toBe(true)
  },
  'clearStale keeps the turn: it can still be asked about': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    await sessions.clearStale(key, mine.leaseId, 'a')
    expect(await sessions.getTurn(key)).toMatchObject({ turnId: mine.turnId, state: 'running' })
  },
}
