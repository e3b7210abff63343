import { checked, id, isId, isObject, maxIdBytes, maxTime, object, whole } from './checks.js'
import { LeftoffError } from './error.js'
import { rowReports } from './row-reports.js'
import { sendable } from './sendable.js'
import type { ListQuery, SessionAdapter } from './session-adapter.js'
import { readFound, readRefusals } from './session-answers.js'
import { maxBatch } from './session-wire.js'
import { cursorOf, type ListPlace, placeOf } from './stored-row.js'

/** What the adapters on `app.conversation_sessions` differ in. */
interface SqlSessionsOptions {
  readonly name: string
  /** The names of the functions, in the schema `app`. */
  readonly verbs: Readonly<Record<'list' | 'get' | 'save' | 'remove' | 'clear', string>>
  /** Calls a function with named arguments, and gives what it returns. Bounded. */
  readonly call: (name: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>
}

const maxRemovals = 1_000

/** Sessions in the table `app.conversation_sessions`. Each verb is one call. */
export function sqlSessions({ name, verbs, call }: SqlSessionsOptions): SessionAdapter {
  const reports = rowReports('app.conversation_sessions')
  let isClosed = false

  async function ask(verb: keyof typeof verbs, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (isClosed) throw new LeftoffError('disposed', 'This adapter was closed. Create a new one.')
    return call(verbs[verb], args)
  }

  function unknownForm(verb: keyof typeof verbs): () => LeftoffError {
    const message = `app.${verbs[verb]} answered in an unknown form. Run the migrations of this version of leftoff.`
    return () => new LeftoffError('storage-unavailable', message)
  }

  return {
    name,
    place: 'account',
    durability: 'committed',

    async list(userId, { workspace, limit, after }: ListQuery) {
      const place = after === undefined ? undefined : placeOf(after)
      const answer = await ask('list', {
        p_user_id: userId,
        p_limit: limit,
        ...(workspace !== undefined && { p_workspace: workspace }),
        ...(place && { p_after_rank: place.rank, p_after_id: place.conversationId }),
      })
      const { sessions, newer, next } = readPage(answer, unknownForm('list'))
      for (const conversationId of newer) reports.newer(userId, conversationId)
      return {
        sessions: sessions.flatMap((value) => reports.readable(value) ?? []),
        ...(next && { next: cursorOf(next) }),
      }
    },

    async get(userId, conversationId) {
      // Nothing can be stored under an id that the database could not even be asked about.
      if (!isId(conversationId)) return undefined
      const found = readFound(
        await ask('get', { p_user_id: userId, p_conversation_id: conversationId }),
        unknownForm('get'),
      )
      if (found === 'newer-version') reports.newer(userId, conversationId)
      return typeof found === 'object' ? reports.readable(found.session) : found
    },

    async save(changes) {
      const { valid, refusals } = sendable(changes)
      for (const slice of slices(valid, maxBatch)) {
        const answer = await ask('save', { p_user_id: slice[0]?.userId, p_changes: slice })
        refusals.push(...readRefusals(answer, unknownForm('save')))
      }
      return refusals
    },

    async remove(userId, conversationIds) {
      for (const slice of slices(
        conversationIds.filter((id) => isId(id)),
        maxRemovals,
      )) {
        await ask('remove', { p_user_id: userId, p_conversation_ids: slice })
      }
    },

    async clear(userId, workspace) {
      await ask('clear', { p_user_id: userId, ...(workspace !== undefined && { p_workspace: workspace }) })
    },

    onReport: reports.listen,

    async close() {
      isClosed = true
      reports.close()
    },
  }
}

const place = object<ListPlace>({ rank: whole(maxTime), conversationId: id(maxIdBytes) }, {})

/** Checks a page; its sessions are checked one by one. `newer`: ids of rows that a later leftoff wrote. */
function readPage(answer: unknown, unknownForm: () => LeftoffError) {
  if (!isObject(answer) || !Array.isArray(answer.sessions) || !isArrayOfTexts(answer.newer)) throw unknownForm()
  const { sessions, newer, next } = answer
  if (next === null) return { sessions, newer }
  const read = checked(place, next)
  if (!read.ok) throw unknownForm()
  return { sessions, newer, next: read.value }
}

function isArrayOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function* slices<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}
