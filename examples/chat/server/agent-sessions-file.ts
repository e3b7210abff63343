import { readFile } from 'node:fs/promises'
import { type AgentSessionStore, LeftoffError, type TabKey } from 'leftoff/server'
import * as z from 'zod'
import { writeFileAtomically } from './write-file-atomically.js'

/** What is stored about a tab key, for the page that shows it. */
interface AgentSessionRow {
  readonly agentSessionId: string
  readonly lastActivity: number
  readonly expiresAt: number
}

/** An agent session store that can also show its rows. */
export interface FileAgentSessions extends AgentSessionStore {
  row(key: TabKey): AgentSessionRow | undefined
}

/**
 * Agent sessions in one file, for one server process: they outlive its restart. Leases stay in memory, since a lease
 * of a process that is gone holds nothing.
 */
export async function fileAgentSessions(
  path: string,
  { now = Date.now, expiryMs = 24 * 60 * 60 * 1000 }: { readonly now?: () => number; readonly expiryMs?: number } = {},
): Promise<FileAgentSessions> {
  const rows = new Map<string, AgentSessionRow>(Object.entries(await read(path)))
  const leases = new Map<string, { readonly id: string; readonly until: number }>()
  let writing = Promise.resolve()

  /** Writes follow one another, each with everything said so far: a later one never loses to an earlier one. */
  function write(): Promise<void> {
    const written = writing.then(() =>
      writeFileAtomically(path, JSON.stringify(Object.fromEntries(rows), undefined, 2)),
    )
    writing = written.catch(() => undefined) // this caller is told; the next one writes again
    return written
  }

  const live = (key: TabKey) => {
    const row = rows.get(key)
    return row && row.expiresAt > now() ? row : undefined
  }
  const put = (key: TabKey, agentSessionId: string) => {
    const lastActivity = now()
    rows.set(key, { agentSessionId, lastActivity, expiresAt: lastActivity + expiryMs })
  }
  /** The lease that another turn than `leaseId` holds. */
  const otherLease = (key: TabKey, leaseId?: string) => {
    const lease = leases.get(key)
    return lease && lease.id !== leaseId && lease.until > now() ? lease : undefined
  }
  const holds = (key: TabKey, leaseId: string) => leases.get(key)?.id === leaseId

  /** An expired id is kept for one more `expiryMs`, so that a late turn is told `expired` and not nothing. */
  const forgetLongExpired = () => {
    for (const [key, row] of rows) if (row.expiresAt + expiryMs <= now()) rows.delete(key)
  }

  return {
    row: (key) => rows.get(key),

    async get(key) {
      return live(key)?.agentSessionId
    },

    async set(key, agentSessionId) {
      const lease = otherLease(key)
      if (lease) {
        const retryAfterMs = lease.until - now()
        throw new LeftoffError('turn-busy', 'A turn is running for this key. Let it end first.', { retryAfterMs })
      }
      leases.delete(key) // one that ran out must not write over this id
      forgetLongExpired()
      put(key, agentSessionId)
      await write()
    },

    async delete(key, expected) {
      const row = rows.get(key)
      if (expected !== undefined && row?.agentSessionId !== expected) return false
      const hadLease = leases.delete(key)
      if (!rows.delete(key)) return hadLease
      await write()
      return true
    },

    async beginTurn(key, { leaseId, leaseMs }) {
      const lease = otherLease(key, leaseId)
      if (lease) return { ok: false, retryAfterMs: lease.until - now() }
      leases.set(key, { id: leaseId, until: now() + leaseMs })
      const row = live(key)
      if (!row) return { ok: true, expired: rows.has(key) }
      put(key, row.agentSessionId)
      await write()
      return { ok: true, agentSessionId: row.agentSessionId, expired: false }
    },

    async renewTurn(key, leaseId, leaseMs) {
      if (!holds(key, leaseId)) return false
      leases.set(key, { id: leaseId, until: now() + leaseMs })
      const row = live(key)
      if (row) put(key, row.agentSessionId) // written with the turn's end
      return true
    },

    async clearStale(key, leaseId, expected) {
      if (!holds(key, leaseId) || rows.get(key)?.agentSessionId !== expected) return false
      rows.delete(key)
      await write()
      return true
    },

    async endTurn(key, leaseId, agentSessionId) {
      if (!holds(key, leaseId)) return false
      leases.delete(key)
      forgetLongExpired()
      const id = agentSessionId ?? live(key)?.agentSessionId
      if (id === undefined) return true
      put(key, id)
      await write()
      return true
    },
  }
}

async function read(path: string): Promise<Record<string, AgentSessionRow>> {
  try {
    return storedRows.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw new Error(`${path} cannot be read. Move it away to start without agent sessions.`, { cause: error })
  }
}

const storedRows = z.record(
  z.string(),
  z.object({ agentSessionId: z.string(), lastActivity: z.number(), expiresAt: z.number() }),
)
