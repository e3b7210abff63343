import type { ListQuery, Refusal, SessionAdapter } from '../../core/adapter.js'
import type { SessionChange } from '../../core/change.js'
import { isId, maxTime, readChange, readSession } from '../../core/checks.js'
import { type Clock, systemClock } from '../../core/clock.js'
import { LeftoffError } from '../../core/error.js'
import { cursorOf, placeOf } from '../../core/list-cursor.js'
import type { RankedSession } from '../../core/session.js'
import { rpcCaller, type SupabaseRpcClient } from '../../core/supabase-rpc.js'
import { readFound, readPage, readRefusals } from './read-answers.js'
import { rowReports } from './row-reports.js'

/** Options of {@link supabaseAdapter}. */
export interface SupabaseAdapterOptions {
  /** The client the user is signed in with; never one with the service key. */
  readonly client: SupabaseRpcClient
  /** How long one request may take before it fails as `unreachable`; 10 s. */
  readonly timeoutMs?: number
  /** For `timeoutMs`. */
  readonly clock?: Clock
}

/** How many changes one request may carry. The database refuses more. */
const maxChanges = 100
const maxRemovals = 1_000

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
    if (isClosed) throw new LeftoffError('disposed', 'This adapter was closed. Create a new one.')
    return rpc(name, args)
  }

  /** The session, unless it cannot be read: then it is reported. */
  function sessionOrReport(value: unknown): RankedSession | undefined {
    const read = readSession(value)
    if (read.ok) return read.value
    reports.unreadable(value, read.field)
    return undefined
  }

  return {
    name: 'supabase',
    place: 'account',
    durability: 'committed',

    async list(userId, { workspace, limit, after }: ListQuery) {
      const place = after === undefined ? undefined : placeOf(after)
      const answer = await call('list_conversation_sessions', {
        p_user_id: userId,
        p_limit: limit,
        ...(workspace !== undefined && { p_workspace: workspace }),
        ...(place && { p_after_rank: place.rank, p_after_id: place.conversationId }),
      })
      const { sessions, newer, next } = readPage(answer)
      for (const conversationId of newer) reports.newer(conversationId)
      return {
        sessions: sessions.flatMap((value) => sessionOrReport(value) ?? []),
        ...(next && { next: cursorOf(next) }),
      }
    },

    async get(userId, conversationId) {
      // Nothing can be stored under an id that the database could not even be asked about.
      if (!isId(conversationId)) return undefined
      const found = readFound(
        await call('get_conversation_session', { p_user_id: userId, p_conversation_id: conversationId }),
      )
      if (found === 'newer-version') reports.newer(conversationId)
      return typeof found === 'object' ? sessionOrReport(found.session) : found
    },

    async save(changes) {
      const refusals: Refusal[] = []
      const valid: Omit<SessionChange, 'epoch'>[] = []
      for (const change of changes) {
        // A text that Postgres cannot store would fail the whole request. Ranks are the database's to judge, by its clock.
        const read = readChange(change, maxTime)
        if (!read.ok) {
          refusals.push({ conversationId: change.conversationId, reason: 'invalid' })
          continue
        }
        const { epoch: _, ...sent } = read.value
        valid.push(sent)
      }
      for (const slice of slices(valid, maxChanges)) {
        const args = { p_user_id: slice[0]?.userId, p_changes: slice }
        refusals.push(...readRefusals(await call('save_conversation_sessions', args)))
      }
      return refusals
    },

    async remove(userId, conversationIds) {
      for (const slice of slices(conversationIds.filter(isId), maxRemovals)) {
        await call('remove_conversation_sessions', { p_user_id: userId, p_conversation_ids: slice })
      }
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

function* slices<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}
