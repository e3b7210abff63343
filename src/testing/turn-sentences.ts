import { expect } from 'vitest'
import { createId } from '../core/keys-and-ids.js'
import type { BegunTurn, TurnOutcome } from '../server/agent-session-store.js'
import { expiryMs, margin, mine, type Sentences, type StoreUnderTest, theirs } from './store-under-test.js'

/** What the contract says about what a key remembers of its turns. */
export const turnSentences: Sentences = {
  'beginTurn notes the turn: its id, its message, when it began, and that it runs': async ({ sessions, key }) => {
    await sessions.beginTurn(key, mine)
    const { turnId, messageHash } = mine
    const turn = await sessions.getTurn(key, turnId)
    expect(turn).toEqual({ turnId, messageHash, startedAt: expect.any(Number), state: 'running' })
    expect(Number.isSafeInteger(turn?.startedAt)).toBe(true)
  },
  'beginTurn is refused for a turn that runs, whoever asks, and tells its message': async ({ sessions, key }) => {
    await sessions.beginTurn(key, mine)
    const { turnId, messageHash } = mine
    const again = await sessions.beginTurn(key, { ...theirs, turnId })
    expect(again).toMatchObject({ ok: false, turn: { turnId, messageHash, state: 'running' } })
    expect(again.ok ? 0 : again.retryAfterMs).toBeGreaterThan(0)
  },
  'beginTurn is refused for a turn that has ended, and tells how': async (store) => {
    const { sessions, key } = store
    for (const [n, outcome] of (['done', 'stopped', 'failed'] as const).entries()) {
      const turn = await runTurn(store, `turn-${n}`, outcome)
      const again = await sessions.beginTurn(key, { ...turn, leaseId: createId() })
      expect(again).toMatchObject({ ok: false, turn: { turnId: turn.turnId, state: outcome }, retryAfterMs: 0 })
    }
  },
  'beginTurn with the leaseId of a turn that has ended is refused too': async (store) => {
    const turn = await runTurn(store, 'turn-0', 'done')
    expect(await store.sessions.beginTurn(store.key, turn)).toMatchObject({ ok: false, turn: { state: 'done' } })
  },
  'beginTurn is refused for a turn whose lease ran out without an end, and tells that it was interrupted': async ({
    sessions,
    wait,
    key,
  }) => {
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs)
    const again = await sessions.beginTurn(key, { ...mine, leaseId: createId() })
    expect(again).toMatchObject({ ok: false, turn: { turnId: mine.turnId, state: 'interrupted' }, retryAfterMs: 0 })
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: true })
    expect(await sessions.getTurn(key, mine.turnId)).toMatchObject({ state: 'interrupted' })
  },
  'beginTurn is refused for a turn that has ended while another one runs, and tells of the ended one': async (
    store,
  ) => {
    const ended = await runTurn(store, 'turn-0', 'done')
    await store.sessions.beginTurn(store.key, theirs)
    const again = await store.sessions.beginTurn(store.key, { ...ended, leaseId: createId() })
    expect(again).toMatchObject({ ok: false, turn: { turnId: 'turn-0', state: 'done' }, retryAfterMs: 0 })
  },
  'of many sends of one turn exactly one begins, also when they are repeated after its end': async ({
    sessions,
    key,
  }) => {
    const send = () => sessions.beginTurn(key, { ...mine, leaseId: createId() })
    const sends = await Promise.all(Array.from({ length: 20 }, send))
    expect(sends.filter(({ ok }) => ok)).toHaveLength(1)
    for (const sent of sends) if (!sent.ok) expect(sent.turn).toMatchObject({ turnId: mine.turnId, state: 'running' })
    await sessions.delete(key, 'not the id')
    expect((await Promise.all(Array.from({ length: 20 }, send))).filter(({ ok }) => ok)).toEqual([])
  },
  'a refused beginTurn changes nothing: neither the lease nor the turns': async ({ sessions, key }) => {
    await sessions.beginTurn(key, mine)
    await sessions.beginTurn(key, theirs)
    expect(await sessions.getTurn(key, theirs.turnId)).toBeUndefined()
    expect(await sessions.getTurn(key)).toMatchObject({ turnId: mine.turnId })
    expect(await sessions.renewTurn(key, mine.leaseId, 30_000)).toBe(true)
  },
  'beginTurn refuses ids that are no turn ids': async ({ sessions, key }) => {
    for (const turnId of ['', 'a b', 'a.b', "a'b", 'é', 'x'.repeat(65)]) {
      await expect(sessions.beginTurn(key, { ...mine, turnId })).rejects.toMatchObject({ code: 'invalid-argument' })
    }
    expect(await sessions.beginTurn(key, { ...mine, turnId: 'x'.repeat(64) })).toMatchObject({ ok: true })
  },
  'getTurn gives the newest turn if no id is given, and nothing for an unknown one': async (store) => {
    const { sessions, key } = store
    expect(await sessions.getTurn(key)).toBeUndefined()
    await runTurn(store, 'turn-0', 'done')
    await runTurn(store, 'turn-1', 'failed')
    expect(await sessions.getTurn(key)).toMatchObject({ turnId: 'turn-1', state: 'failed' })
    expect(await sessions.getTurn(key, 'turn-0')).toMatchObject({ turnId: 'turn-0', state: 'done' })
    expect(await sessions.getTurn(key, 'turn-9')).toBeUndefined()
  },
  'getTurn knows the turns of its key only: another user cannot ask by id': async ({ sessions, key, otherKey }) => {
    await sessions.beginTurn(key, mine)
    expect(await sessions.getTurn(otherKey, mine.turnId)).toBeUndefined()
    expect(await sessions.beginTurn(otherKey, { ...mine, leaseId: theirs.leaseId })).toMatchObject({ ok: true })
  },
  'getTurn only reads: it slides no expiry and keeps no lease': async ({ sessions, wait, key }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    await wait(expiryMs - margin)
    await sessions.getTurn(key)
    await wait(margin)
    expect(await sessions.get(key)).toBeUndefined()
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: true })
  },
  'the last 16 turns of a key are known': async (store) => {
    for (let n = 0; n < 18; n += 1) await runTurn(store, `turn-${n}`, 'done')
    const known = await Promise.all(
      Array.from({ length: 18 }, async (_, n) => (await store.sessions.getTurn(store.key, `turn-${n}`))?.state),
    )
    expect(known).toEqual([undefined, undefined, ...Array(16).fill('done')])
  },
  'at least 12 are known if their ids are as long as they may be': async (store) => {
    const idOf = (n: number) => `${n}`.padStart(64, 'x')
    for (let n = 0; n < 12; n += 1) await runTurn(store, idOf(n), 'done')
    for (let n = 0; n < 12; n += 1) expect(await store.sessions.getTurn(store.key, idOf(n))).toBeDefined()
  },
  'the turns outlive the lease and any quiet shorter than the expiry': async (store) => {
    const turn = await runTurn(store, 'turn-0', 'done')
    await store.wait(expiryMs - margin)
    const again = await store.sessions.beginTurn(store.key, { ...turn, leaseId: createId() })
    expect(again).toMatchObject({ ok: false, turn: { state: 'done' } })
  },
  'set leaves the turns alone': async (store) => {
    await runTurn(store, 'turn-0', 'done')
    await store.sessions.set(store.key, 'b')
    expect(await store.sessions.getTurn(store.key, 'turn-0')).toMatchObject({ state: 'done' })
  },
  'requestStop marks a running turn, and says that it was running': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    expect(await sessions.requestStop(key, mine.turnId)).toBe(true)
    expect(await sessions.getTurn(key, mine.turnId)).toMatchObject({ state: 'stopping' })
    expect(await sessions.requestStop(key, mine.turnId)).toBe(true)
  },
  'requestStop frees no lease and forgets no id': async ({ sessions, key }) => {
    await sessions.set(key, 'a')
    await sessions.beginTurn(key, mine)
    await sessions.requestStop(key, mine.turnId)
    expect(await sessions.beginTurn(key, theirs)).toMatchObject({ ok: false, turn: { state: 'stopping' } })
    expect(await sessions.renewTurn(key, mine.leaseId, 30_000)).toBe(true)
    expect(await sessions.get(key)).toBe('a')
    expect(await sessions.endTurn(key, mine.leaseId, { outcome: 'stopped' })).toBe(true)
    expect(await sessions.getTurn(key, mine.turnId)).toMatchObject({ state: 'stopped' })
  },
  'requestStop that comes late does not touch the next turn': async (store) => {
    const { sessions, key } = store
    await runTurn(store, 'turn-0', 'done')
    await sessions.beginTurn(key, mine)
    expect(await sessions.requestStop(key, 'turn-0')).toBe(false)
    expect(await sessions.requestStop(key, 'turn-9')).toBe(false)
    expect(await sessions.getTurn(key)).toMatchObject({ turnId: mine.turnId, state: 'running' })
    expect(await sessions.getTurn(key, 'turn-0')).toMatchObject({ state: 'done' })
  },
  'requestStop of a turn whose lease ran out says that nothing runs': async ({ sessions, wait, key }) => {
    expect(await sessions.requestStop(key, mine.turnId)).toBe(false)
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs)
    expect(await sessions.requestStop(key, mine.turnId)).toBe(false)
  },
  'renewTurn brings a turn back that was taken for interrupted': async ({ sessions, wait, key }) => {
    await sessions.beginTurn(key, mine)
    await wait(mine.leaseMs + 1)
    expect(await sessions.getTurn(key)).toMatchObject({ state: 'interrupted' })
    expect(await sessions.renewTurn(key, mine.leaseId, 30_000)).toBe(true)
    expect(await sessions.getTurn(key)).toMatchObject({ state: 'running' })
  },
  'endTurn as not-started takes the turn off the row, so that it may begin again': async (store) => {
    const { sessions, key } = store
    await runTurn(store, 'turn-0', 'done')
    await runTurn(store, 'turn-1', 'not-started')
    expect(await sessions.getTurn(key, 'turn-1')).toBeUndefined()
    expect(await sessions.getTurn(key)).toMatchObject({ turnId: 'turn-0', state: 'done' })
    await runTurn(store, 'turn-1', 'done')
    expect(await sessions.getTurn(key)).toMatchObject({ turnId: 'turn-1', state: 'done' })
  },
  'endTurn as not-started stores the id that it is given': async ({ sessions, key }) => {
    await sessions.beginTurn(key, mine)
    expect(await sessions.endTurn(key, mine.leaseId, { agentSessionId: 'a', outcome: 'not-started' })).toBe(true)
    expect(await sessions.get(key)).toBe('a')
  },
  'endTurn with the id of a turn in place of its lease is refused': async ({ sessions, key }) => {
    const turn = { ...mine, turnId: theirs.leaseId }
    await sessions.beginTurn(key, turn)
    expect(await sessions.endTurn(key, turn.turnId, { agentSessionId: 'b', outcome: 'done' })).toBe(false)
    expect(await sessions.renewTurn(key, turn.turnId, 30_000)).toBe(false)
    expect(await sessions.getTurn(key)).toMatchObject({ state: 'running' })
  },
}

async function runTurn({ sessions, key }: StoreUnderTest, turnId: string, outcome: TurnOutcome): Promise<BegunTurn> {
  const turn = { ...mine, leaseId: createId(), turnId }
  expect(await sessions.beginTurn(key, turn)).toMatchObject({ ok: true })
  expect(await sessions.endTurn(key, turn.leaseId, { outcome })).toBe(true)
  return turn
}
