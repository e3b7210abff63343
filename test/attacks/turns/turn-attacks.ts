import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isLeftoffError } from '../../../src/core/error.js'
import { createId } from '../../../src/core/keys-and-ids.js'
import { type TabKey, tabKey } from '../../../src/core/tab-key.js'
import type { AgentSessionStore, BegunTurn } from '../../../src/server/agent-session-store.js'

/** A store, and a workspace that it knows. */
export interface Attacked {
  readonly sessions: AgentSessionStore
  readonly workspace: string
}

/** What someone may try who chooses ids, knows another user's turn id, and guesses at leases. Called in a `describe`. */
export function turnAttacks(open: () => Promise<Attacked>, { numRuns = 50 } = {}): void {
  const turnOf = (turnId: string): BegunTurn => ({ leaseId: createId(), leaseMs: 30_000, turnId, messageHash: 'hash' })

  /** Ada's conversation in mid-turn, and Mallory, who knows all of its ids but the user's. */
  async function start() {
    const { sessions, workspace } = await open()
    const tabId = createId()
    const keyOf = (userId: string, id = tabId) => tabKey({ userId, workspace, tabId: id })
    const [ada, mallory] = [keyOf(createId()), keyOf(createId())]
    const turn = turnOf(createId())
    await sessions.set(ada, 'session of ada')
    expect(await sessions.beginTurn(ada, turn)).toMatchObject({ ok: true })
    const isUntouched = async () => {
      expect(await sessions.getTurn(ada)).toMatchObject({ turnId: turn.turnId, state: 'running' })
      expect(await sessions.get(ada)).toBe('session of ada')
      expect(await sessions.renewTurn(ada, turn.leaseId, 30_000)).toBe(true)
    }
    return { sessions, keyOf, ada, mallory, turn, isUntouched }
  }

  it('another user who knows the turn id and the conversation id sees nothing of the turn and cannot stop it', async () => {
    const { sessions, mallory, turn, isUntouched } = await start()
    expect(await sessions.getTurn(mallory, turn.turnId)).toBeUndefined()
    expect(await sessions.getTurn(mallory)).toBeUndefined()
    expect(await sessions.requestStop(mallory, turn.turnId)).toBe(false)
    expect(await sessions.get(mallory)).toBeUndefined()
    await isUntouched()
  })

  it('another user who sends the same turn id runs a turn of their own, and holds nothing up', async () => {
    const { sessions, mallory, turn, isUntouched } = await start()
    expect(await sessions.beginTurn(mallory, turnOf(turn.turnId))).toEqual({ ok: true, expired: false })
    expect(await sessions.requestStop(mallory, turn.turnId)).toBe(true)
    await isUntouched()
  })

  it('another user who knows the lease id itself can do nothing with it', async () => {
    const { sessions, mallory, turn, isUntouched } = await start()
    const { leaseId } = turn
    expect(await sessions.renewTurn(mallory, leaseId, 1)).toBe(false)
    expect(await sessions.clearStale(mallory, leaseId, 'session of ada')).toBe(false)
    expect(await sessions.endTurn(mallory, leaseId, { agentSessionId: 'mine', outcome: 'done' })).toBe(false)
    await isUntouched()
  })

  it('what a client can know or guess is no lease: the turn id, the hash, the session, a UUID near it', async () => {
    const { sessions, ada, turn, isUntouched } = await start()
    const guesses = [turn.turnId, createId(), `${turn.leaseId.slice(0, -1)}${turn.leaseId.endsWith('0') ? '1' : '0'}`]
    for (const leaseId of [...guesses, '00000000-0000-0000-0000-000000000000']) {
      expect(await sessions.renewTurn(ada, leaseId, 1)).toBe(false)
      expect(await sessions.clearStale(ada, leaseId, 'session of ada')).toBe(false)
      expect(await sessions.endTurn(ada, leaseId, { agentSessionId: 'guessed', outcome: 'done' })).toBe(false)
    }
    await isUntouched()
  })

  it('a turn is found by its whole id only: no prefix, no pattern, no other case', async () => {
    const { sessions, ada, isUntouched } = await start()
    const turn = turnOf('Turn_1-a')
    const other = `${ada}` as TabKey // the same conversation, for the type alone
    expect(await sessions.beginTurn(other, turn)).toMatchObject({ ok: false })
    for (const turnId of ['turn_1-a', 'Turn_1', 'Turn_1-', '%', '_', 'Turn%', '.*', '']) {
      expect(await sessions.getTurn(ada, turnId)).toBeUndefined()
      expect(await sessions.requestStop(ada, turnId)).toBe(false)
    }
    await isUntouched()
  })

  it('ids that clients choose are stored as they are or refused, and never make a second turn of one', async () => {
    const { sessions, keyOf } = await open().then(({ sessions, workspace }) => ({
      sessions,
      keyOf: (tabId: string) => tabKey({ userId: 'u1', workspace, tabId }),
    }))
    const hostile = fc.oneof(
      fc.string({ minLength: 0, maxLength: 70, unit: 'binary' }),
      fc.constantFrom(
        '__proto__',
        'constructor',
        'null',
        'a.b',
        'r0',
        'x'.repeat(64),
        'x'.repeat(65),
        '{}',
        "'--",
        'NaN',
      ),
      fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
    )
    const property = fc.asyncProperty(hostile, async (turnId) => {
      const key = keyOf(createId())
      const turn = turnOf(turnId)
      const isGood = /^[A-Za-z0-9_-]{1,64}$/.test(turnId)
      const begun = await sessions.beginTurn(key, turn).catch((error: unknown) => error)
      if (!isGood) {
        expect(isLeftoffError(begun, 'invalid-argument')).toBe(true)
        return
      }
      expect(begun).toMatchObject({ ok: true })
      expect(await sessions.getTurn(key)).toMatchObject({ turnId })
      expect(await sessions.endTurn(key, turn.leaseId, { outcome: 'done' })).toBe(true)
      expect(await sessions.beginTurn(key, turnOf(turnId))).toMatchObject({
        ok: false,
        turn: { turnId, state: 'done' },
      })
    })
    await fc.assert(property, { numRuns })
  })

  it('a client that floods one conversation with turns pushes out no turn that runs', async () => {
    const { sessions, ada, turn, isUntouched } = await start()
    for (let n = 0; n < 100; n += 1) {
      expect(await sessions.beginTurn(ada, turnOf(`flood-${n}`))).toMatchObject({
        ok: false,
        turn: { turnId: turn.turnId },
      })
    }
    await isUntouched()
  })
}
