import { LeftoffError } from '../core/error.js'
import { parseTabKey, type TabKey, type TabKeyParts } from '../core/tab-key.js'
import type { AgentSessionStore } from './agent-session-store.js'
import type { LookupCache } from './lookup-cache.js'
import { type VerbArgs, verbAgentSessions } from './verb-agent-sessions.js'
import { readVerbAnswer, type VerbAnswer } from './verb-answer.js'

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

  async function ask(verb: string, key: TabKey, args: VerbArgs): Promise<VerbAnswer> {
    const named = Object.fromEntries(Object.entries(args).map(([name, value]) => [`p_${name}`, value]))
    const { userId, workspace, tabId } = partsOf(key)
    for (let mayRetry = true; ; mayRetry = false) {
      const domainId = await domainIds.get(workspace, findDomain)
      if (domainId === undefined) throw unknownWorkspace(workspace)
      const keyArgs = { p_user_id: userId, p_domain_id: domainId, p_hostname: workspace, p_tab_id: tabId }
      const answer = readVerbAnswer(`iam.${verb}`, await call(verb, { ...keyArgs, ...named }))
      if (answer.status !== 'wrong-domain') return answer
      // The hostname went to another domain since it was looked up.
      domainIds.delete(workspace, domainId)
      if (!mayRetry) throw movingWorkspace(workspace)
    }
  }

  return verbAgentSessions(ask, expiryMs)
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
