import { LeftoffError } from '../core/error.js'
import type { TabKey } from '../core/tab-key.js'
import { assertAgentSessionId } from './agent-session-id.js'
import type { AgentSessionStore } from './agent-session-store.js'
import { assertTurnIds } from './turn-ids.js'
import { unknownAnswer, type VerbAnswer } from './verb-answer.js'

/** What a verb is given; those without a value are left out. */
export type VerbArgs = Readonly<Record<string, string | number>>

/** Runs a verb where the data is. Bounded. */
export type AskVerb = (verb: string, key: TabKey, args: VerbArgs) => Promise<VerbAnswer>

/** What the stores have in common whose verbs run in the database; they differ in how they ask it. */
export function verbAgentSessions(ask: AskVerb, expiryMs: number): AgentSessionStore {
  async function succeeds(verb: string, key: TabKey, args: VerbArgs): Promise<boolean> {
    return (await ask(verb, key, args)).status === 'ok'
  }

  return {
    async get(key) {
      const answer = await ask('get_session', key, {})
      return answer.status === 'ok' ? answer.agentSessionId : undefined
    },

    async set(key, agentSessionId) {
      assertAgentSessionId(agentSessionId)
      const answer = await ask('set_session', key, { agent_session_id: agentSessionId, expiry_ms: expiryMs })
      if (answer.status !== 'busy') return
      throw new LeftoffError('turn-busy', 'set: a turn is running for this key. Let it end, or delete the key first.', {
        retryAfterMs: answer.retryAfterMs,
      })
    },

    delete(key, expected) {
      return succeeds('delete_session', key, expected === undefined ? {} : { expected })
    },

    async beginTurn(key, { leaseId, leaseMs, turnId, messageHash }) {
      assertTurnIds({ turnId, messageHash })
      const answer = await ask('begin_turn', key, {
        lease_id: leaseId,
        lease_ms: leaseMs,
        expiry_ms: expiryMs,
        turn_id: turnId,
        message_hash: messageHash,
      })
      if (answer.status === 'busy' && answer.turn) {
        return { ok: false, turn: answer.turn, retryAfterMs: answer.retryAfterMs }
      }
      if (answer.status !== 'ok') throw unknownAnswer('begin_turn')
      const { agentSessionId, expired } = answer
      return { ok: true, expired, ...(agentSessionId !== undefined && { agentSessionId }) }
    },

    async getTurn(key, turnId) {
      const answer = await ask('get_turn', key, turnId === undefined ? {} : { turn_id: turnId })
      return answer.status === 'ok' ? answer.turn : undefined
    },

    requestStop(key, turnId) {
      return succeeds('request_stop', key, { turn_id: turnId })
    },

    renewTurn(key, leaseId, leaseMs) {
      return succeeds('renew_turn', key, { lease_id: leaseId, lease_ms: leaseMs })
    },

    clearStale(key, leaseId, expected) {
      return succeeds('clear_stale', key, { lease_id: leaseId, expected })
    },

    async endTurn(key, leaseId, { agentSessionId, outcome }) {
      if (agentSessionId !== undefined) assertAgentSessionId(agentSessionId)
      return succeeds('end_turn', key, {
        lease_id: leaseId,
        expiry_ms: expiryMs,
        outcome,
        ...(agentSessionId !== undefined && { agent_session_id: agentSessionId }),
      })
    },
  }
}
