import { expect } from 'vitest'
import { isLeftoffError } from '../core/error.js'
import { expectAbout, expiryMs, margin, mine, type Sentences, theirs } from './store-under-test.js'

/** What the contract says about the stored id. */
export const sessionSentences: Sentences = {
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
    expect(await sessions.endTurn(key, mine.leaseId, { agentSessionId: 'late', outcome: 'done' })).toBe(false)
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
    expect(await sessions.endTurn(key, mine.leaseId, { agentSessionId: 'b', outcome: 'done' })).toBe(false)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: true })
  },
  'delete forgets the turns of the key': async ({ sessions, key }) => {
    await sessions.beginTurn(key, mine)
    await sessions.endTurn(key, mine.leaseId, { outcome: 'done' })
    expect(await sessions.delete(key)).toBe(true)
    expect(await sessions.getTurn(key)).toBeUndefined()
    expect(await sessions.beginTurn(key, mine)).toMatchObject({ ok: true })
  },
}
