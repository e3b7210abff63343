import { LeftoffError } from '../core/error.js'
import { parseTabKey, type TabKey, type TabKeyParts } from '../core/tab-key.js'
import { assertAgentSessionId } from './agent-session-id.js'
import type { AgentSessionStore } from './agent-session-store.js'
import type { LookupCache } from './lookup-cache.js'
import { readSqlAnswer, type SqlAnswer, unknownAnswer } from './sql-answer.js'
import { assertTurnIds } from './turn-ids.js'

/** What the stores on `iam.sessions` have in common; they differ in how they reach the database. */
export interface SqlAgentSessionsOptions {
  /** Calls a function of the schema `iam` with named arguments, and gives what it returns. Bounded. */
  readonly call: (name: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>
  readonly expiryMs: number
  readonly domains: 'create' | 'strict'
  readonly domainIds: LookupCache<string>
}

/** Agent sessions in the table `iam.sessions`. Each verb is one call, once the workspace's domain id is known. */
export function sqlAgentSessions({ call, expiryMs, domains, domainIds }: SqlAgentSessionsOptions): AgentSessionStore {
  async function findDomain(workspace: string): Promise<string | undefined> {
    const domainId = await call(domains === 'create' ? 'ensure_domain' : 'find_domain', { p_hostname: workspace })
    // An app's own app.domains may number its domains.
    return typeof domainId === 'string' || typeof domainId === 'number' ? String(domainId) : undefined
  }

  async function ask(verb: string, key: TabKey, args: Readonly<Record<string, unknown>> = {}): Promise<SqlAnswer> {
    const { userId, workspace, tabId } = partsOf(key)
    for (let mayRetry = true; ; mayRetry = false) {
      const domainId = await domainIds.get(workspace, findDomain)
      if (domainId === undefined) throw unknownWorkspace(workspace)
      const keyArgs = { p_user_id: userId, p_domain_id: domainId, p_hostname: workspace, p_tab_id: tabId }
      const answer = readSqlAnswer(verb, await call(verb, { ...keyArgs, ...args }))
      if (answer.status !== 'wrong-domain') return answer
      // The hostname went to another domain since it was looked up.
      domainIds.delete(workspace, domainId)
      if (!mayRetry) throw movingWorkspace(workspace)
    }
  }

  async function succeeds(verb: string, key: TabKey, args: Readonly<Record<string, unknown>>): Promise<boolean> {
    return (await ask(verb, key, args)).status === 'ok'
  }

  return {
    async get(key) {
      const answer = await ask('get_session', key)
      return answer.status === 'ok' ? answer.agentSessionId : undefined
    },

    async set(key, agentSessionId) {
      assertAgentSessionId(agentSessionId)
      const answer = await ask('set_session', key, { p_agent_session_id: agentSessionId, p_expiry_ms: expiryMs })
      if (answer.status !== 'busy') return
      throw new LeftoffError('turn-busy', 'set: a turn is running for this key. Let it end, or delete the key first.', {
        retryAfterMs: answer.retryAfterMs,
      })
    },

    delete(key, expected) {
      return succeeds('delete_session', key, expected === undefined ? {} : { p_expected: expected })
    },

    async beginTurn(key, { leaseId, leaseMs, turnId, messageHash }) {
      assertTurnIds({ turnId, messageHash })
      const answer = await ask('begin_turn', key, {
        p_lease_id: leaseId,
        p_lease_ms: leaseMs,
        p_expiry_ms: expiryMs,
        p_turn_id: turnId,
        p_message_hash: messageHash,
      })
      if (answer.status === 'busy' && answer.turn) {
        return { ok: false, turn: answer.turn, retryAfterMs: answer.retryAfterMs }
      }
      if (answer.status !== 'ok') throw unknownAnswer('begin_turn')
      const { agentSessionId, expired } = answer
      return { ok: true, expired, ...(agentSessionId !== undefined && { agentSessionId }) }
    },

    async getTurn(key, turnId) {
      const answer = await ask('get_turn', key, turnId === undefined ? {} : { p_turn_id: turnId })
      return answer.status === 'ok' ? answer.turn : undefined
    },

    requestStop(key, turnId) {
      return succeeds('request_stop', key, { p_turn_id: turnId })
    },

    renewTurn(key, leaseId, leaseMs) {
      return succeeds('renew_turn', key, { p_lease_id: leaseId, p_lease_ms: leaseMs })
    },

    clearStale(key, leaseId, expected) {
      return succeeds('clear_stale', key, { p_lease_id: leaseId, p_expected: expected })
    },

    async endTurn(key, leaseId, { agentSessionId, outcome }) {
      if (agentSessionId !== undefined) assertAgentSessionId(agentSessionId)
      return succeeds('end_turn', key, {
        p_lease_id: leaseId,
        p_expiry_ms: expiryMs,
        p_outcome: outcome,
        ...(agentSessionId !== undefined && { p_agent_session_id: agentSessionId }),
      })
    },
  }
}

function partsOf(key: TabKey): TabKeyParts {
  const parts = parseTabKey(key)
  if (!parts) {
    throw new LeftoffError('invalid-argument', 'Not a tab key. Make one with tabKey({ userId, workspace, tabId }).')
  }
  if (parts.workspace.length > maxWorkspaceLength) {
    throw new LeftoffError('invalid-argument', `A workspace has at most ${maxWorkspaceLength} characters.`)
  }
  return parts
}

/** That of a hostname. */
const maxWorkspaceLength = 253

function unknownWorkspace(workspace: string): LeftoffError {
  return new LeftoffError(
    'invalid-argument',
    `The workspace ${JSON.stringify(workspace)} has no domain. Insert its hostname into app.domains.`,
  )
}

function movingWorkspace(workspace: string): LeftoffError {
  return new LeftoffError(
    'unreachable',
    `The workspace ${JSON.stringify(workspace)} moved from one domain to another, twice. Try again.`,
  )
}
