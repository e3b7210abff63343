import { type Clock, systemClock } from '../../core/clock.js'
import { LeftoffError } from '../../core/error.js'
import { rpcCaller, type SupabaseRpcClient } from '../../core/supabase-rpc.js'
import { parseTabKey, type TabKey, type TabKeyParts } from '../../core/tab-key.js'
import { assertAgentSessionId } from '../agent-session-id.js'
import type { AgentSessionStore } from '../agent-session-store.js'
import { createLookupCache, type LookupCache } from '../lookup-cache.js'
import { type Answer, readAnswer } from './read-answer.js'

/** Settings of {@link supabaseAgentSessions}. */
export interface SupabaseAgentSessionsOptions {
  /** Made with the service key: nobody else may see agent sessions. */
  readonly client: SupabaseRpcClient
  /** How long an id lasts after the last activity; 24 h. */
  readonly expiryMs?: number
  /** How long one request may take before it fails as `unreachable`; 5 s. */
  readonly timeoutMs?: number
  /** Which domain id a workspace has; kept for five minutes unless you pass a cache of your own. */
  readonly domains?: LookupCache<string>
  /** For `timeoutMs` and the cache; expiry and leases go by the database's clock. */
  readonly clock?: Clock
}

/**
 * Agent sessions in Supabase, in the table `iam.sessions`, for any number of server processes. Each verb is one request,
 * once the workspace's domain id is known. The workspace of a tab key is a hostname in `app.domains`.
 *
 * @example
 * ```ts
 * import { createClient } from '@supabase/supabase-js'
 * import { supabaseAgentSessions } from 'leftoff/server/supabase'
 *
 * const client = createClient(supabaseUrl, serviceKey, { auth: { persistSession: false } })
 * const sessionStore = supabaseAgentSessions({ client })
 * ```
 */
export function supabaseAgentSessions({
  client,
  expiryMs = 24 * 60 * 60 * 1000,
  timeoutMs = 5_000,
  clock = systemClock,
  domains = createLookupCache({ ttlMs: 5 * 60_000, clock }),
}: SupabaseAgentSessionsOptions): AgentSessionStore {
  const rpc = rpcCaller({ client, schema: 'iam', timeoutMs, clock, onInvalid: 'invalid-argument' })

  async function findDomain(workspace: string): Promise<string | undefined> {
    const domainId = await rpc('find_domain', { p_hostname: workspace })
    // An app's own app.domains may number its domains.
    return typeof domainId === 'string' || typeof domainId === 'number' ? String(domainId) : undefined
  }

  async function call(verb: string, key: TabKey, args: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    const { userId, workspace, tabId } = partsOf(key)
    for (let mayRetry = true; ; mayRetry = false) {
      const domainId = await domains.get(workspace, findDomain)
      if (domainId === undefined) throw unknownWorkspace(workspace)
      const keyArgs = { p_user_id: userId, p_domain_id: domainId, p_hostname: workspace, p_tab_id: tabId }
      const answer = readAnswer(verb, await rpc(verb, { ...keyArgs, ...args }))
      if (answer.status !== 'wrong-domain') return answer
      // The hostname went to another domain since it was looked up.
      domains.delete(workspace, domainId)
      if (!mayRetry) throw movingWorkspace(workspace)
    }
  }

  async function succeeds(verb: string, key: TabKey, args: Readonly<Record<string, unknown>>): Promise<boolean> {
    return (await call(verb, key, args)).status === 'ok'
  }

  return {
    async get(key) {
      const answer = await call('get_session', key)
      return answer.status === 'ok' ? answer.agentSessionId : undefined
    },

    async set(key, agentSessionId) {
      assertAgentSessionId(agentSessionId)
      const answer = await call('set_session', key, { p_agent_session_id: agentSessionId, p_expiry_ms: expiryMs })
      if (answer.status !== 'busy') return
      throw new LeftoffError('turn-busy', 'set: a turn is running for this key. Let it end, or delete the key first.', {
        retryAfterMs: answer.retryAfterMs,
      })
    },

    delete(key, expected) {
      return succeeds('delete_session', key, expected === undefined ? {} : { p_expected: expected })
    },

    async beginTurn(key, { leaseId, leaseMs }) {
      const answer = await call('begin_turn', key, {
        p_lease_id: leaseId,
        p_lease_ms: leaseMs,
        p_expiry_ms: expiryMs,
      })
      if (answer.status !== 'ok') return { ok: false, retryAfterMs: answer.status === 'busy' ? answer.retryAfterMs : 1 }
      const { agentSessionId, expired } = answer
      return { ok: true, expired, ...(agentSessionId !== undefined && { agentSessionId }) }
    },

    renewTurn(key, leaseId, leaseMs) {
      return succeeds('renew_turn', key, { p_lease_id: leaseId, p_lease_ms: leaseMs, p_expiry_ms: expiryMs })
    },

    clearStale(key, leaseId, expected) {
      return succeeds('clear_stale', key, { p_lease_id: leaseId, p_expected: expected })
    },

    async endTurn(key, leaseId, agentSessionId) {
      if (agentSessionId !== undefined) assertAgentSessionId(agentSessionId)
      return succeeds('end_turn', key, {
        p_lease_id: leaseId,
        p_expiry_ms: expiryMs,
        ...(agentSessionId !== undefined && { p_agent_session_id: agentSessionId }),
      })
    },
  }
}

function partsOf(key: TabKey): TabKeyParts {
  const parts = parseTabKey(key)
  if (parts) return parts
  throw new LeftoffError('invalid-argument', 'This is no tab key. Make one with tabKey({ userId, workspace, tabId }).')
}

function unknownWorkspace(workspace: string): LeftoffError {
  return new LeftoffError(
    'invalid-argument',
    `The workspace ${JSON.stringify(workspace)} has no domain. Insert its hostname into app.domains.`,
  )
}

function movingWorkspace(workspace: string): LeftoffError {
  return new LeftoffError(
    'unreachable',
    `The workspace ${JSON.stringify(workspace)} went from one domain to another, and on. Try again.`,
  )
}
