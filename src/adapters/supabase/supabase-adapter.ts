import type { ListQuery, SessionAdapter } from '../../core/adapter.js'
import { type Clock, systemClock } from '../../core/clock.js'
import { LeftoffError } from '../../core/error.js'
import type { ConversationSession } from '../../core/session.js'
import { readStoredRow, schemaVersion } from '../../core/stored-row.js'
import { rpcCaller, type SupabaseRpcClient } from '../../core/supabase-rpc.js'
import { readRefusals, unknownForm } from './read-refusals.js'
import { rowReports } from './row-reports.js'
import { storable } from './storable.js'

/** Options of {@link supabaseAdapter}. */
export interface SupabaseAdapterOptions {
  /** The client the user is signed in with; never one with the service key. */
  readonly client: SupabaseRpcClient
  /** How long one request may take before it fails as `unreachable`; 10 s. */
  readonly timeoutMs?: number
  /** For `timeoutMs`. */
  readonly clock?: Clock
}

/**
 * Keeps the sessions of the signed-in user in Supabase, for all their devices. `userId` of the store is the user's id
 * there, `sub` of the token; any other is `forbidden`.
 *
 * @example
 * ```ts
 * import { createClient } from '@supabase/supabase-js'
 * import { createSessionStore } from 'leftoff'
 * import { supabaseAdapter } from 'leftoff/supabase'
 *
 * const client = createClient(supabaseUrl, publishableKey)
 * const store = createSessionStore({ adapter: supabaseAdapter({ client }), userId })
 * ```
 */
export function supabaseAdapter({
  client,
  timeoutMs = 10_000,
  clock = systemClock,
}: SupabaseAdapterOptions): SessionAdapter {
  const rpc = rpcCaller({ client, schema: 'app', timeoutMs, clock, onInvalid: 'invalid-session' })
  const reports = rowReports()
  let isClosed = false

  async function call(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (isClosed) throw new LeftoffError('disposed', 'This adapter was closed. Make a new one.')
    return rpc(name, args)
  }

  /** The session in a stored row, unless it cannot be read: then that is reported, and its neighbours are given. */
  function readSession(value: unknown): ConversationSession[] {
    const read = readStoredRow(value)
    if (read.kind === 'row') return [read.row.session]
    reports.tell(value, read)
    return []
  }

  return {
    name: 'supabase',
    place: 'account',
    durability: 'committed',

    async list(userId, { workspace, limit, order = 'newest' }: ListQuery) {
      for (let asked = limit; ; ) {
        const rows = await call('list_conversation_sessions', {
          p_user_id: userId,
          p_limit: asked,
          p_order: order,
          ...(workspace !== undefined && { p_workspace: workspace }),
        })
        if (!Array.isArray(rows)) throw unknownForm('list_conversation_sessions')
        const sessions = rows.flatMap(readSession)
        if (sessions.length >= limit || rows.length < asked) return sessions.slice(0, limit)
        // Once more, further, for those that take the place of rows that could not be read.
        asked += limit - sessions.length
      }
    },

    async get(userId, conversationId) {
      const row = await call('get_conversation_session', { p_user_id: userId, p_conversation_id: conversationId })
      return row === null ? undefined : readSession(row)[0]
    },

    async save(changes) {
      if (changes.length === 0) return []
      const args = { p_changes: changes.map(storable), p_schema_version: schemaVersion }
      return readRefusals(await call('save_conversation_sessions', args), reports.tell)
    },

    async remove(userId, conversationIds) {
      if (conversationIds.length === 0) return
      await call('remove_conversation_sessions', { p_user_id: userId, p_conversation_ids: conversationIds })
    },

    async clear(userId, workspace) {
      await call('clear_conversation_sessions', {
        p_user_id: userId,
        ...(workspace !== undefined && { p_workspace: workspace }),
      })
    },

    onReport: reports.listen,

    async close() {
      isClosed = true
      reports.close()
    },
  }
}
