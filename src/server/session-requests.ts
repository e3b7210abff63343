import type { SessionChange } from '../core/apply-change.js'
import { checked, id, isId, isObject, maxWorkspaceBytes, readChange } from '../core/checks.js'
import { LeftoffError } from '../core/error.js'
import type { ListQuery, Refusal, SessionAdapter } from '../core/session-adapter.js'
import { maxBatch, maxPage } from '../core/session-wire.js'
import { RefusedRequest, refuseSessions } from './session-refusals.js'
import { hashMessage } from './turn-ids.js'

/** What `httpAdapter` asks for, checked. */
export type SessionRequest =
  | { readonly list: ListQuery }
  | { readonly get: string }
  | { readonly save: readonly SessionChange[]; readonly refusals: readonly Refusal[] }
  | { readonly remove: readonly string[] }
  | { readonly clear: string | undefined }

/** Who answers, and what the asker knows. */
interface Answering {
  readonly adapter: SessionAdapter
  readonly userId: string
  /** Called before a conversation is removed. */
  readonly forget: ((conversationId: string, workspace: string) => unknown) | undefined
  readonly ifNoneMatch: string | null
}

/** Checks a request: with a body, of a POST; without one, a question. Throws what refuses one that is not valid. */
export function readSessionRequest(
  query: URLSearchParams,
  body: Readonly<Record<string, unknown>> | undefined,
  userId: string,
  now: number,
): SessionRequest {
  if (body === undefined) return readQuestion(query)
  const { changes, remove, clear } = body
  if (Array.isArray(changes)) return readChanges(atMost(maxBatch, changes), userId, now)
  if (Array.isArray(remove) && remove.every((one) => isId(one))) return { remove: atMost(maxBatch, remove) }
  if (clear === null) return { clear: undefined }
  if (isWorkspace(clear)) return { clear }
  throw invalid('body')
}

/** Answers a request that was checked. */
export async function answerSessions(asked: SessionRequest, answering: Answering): Promise<Response> {
  const { adapter, userId, forget } = answering
  if ('list' in asked) return withEtag(await adapter.list(userId, asked.list), answering)
  if ('get' in asked) return json({ found: foundOf(await adapter.get(userId, asked.get)) })
  if ('save' in asked) {
    const { save, refusals } = asked
    return refused([...refusals, ...(save.length > 0 ? await adapter.save(save) : [])])
  }
  if ('remove' in asked) {
    if (forget) await Promise.all(asked.remove.map((id) => forgetFound(answering, id)))
    await adapter.remove(userId, asked.remove)
    return refused([])
  }
  if (forget) await removeListed(answering, asked.clear)
  await adapter.clear(userId, asked.clear)
  return refused([])
}

function readQuestion(query: URLSearchParams): SessionRequest {
  const conversationId = query.get('conversationId')
  if (conversationId !== null) {
    if (isId(conversationId)) return { get: conversationId }
    throw invalid('conversationId')
  }
  const [limit, workspace, after] = [query.get('limit') ?? '', query.get('workspace'), query.get('after')]
  if (!/^\d{1,15}$/.test(limit)) throw invalid('limit')
  if (workspace !== null && !isWorkspace(workspace)) throw invalid('workspace')
  return {
    list: {
      limit: Math.min(Number(limit), maxPage),
      ...(workspace !== null && { workspace }),
      ...(after !== null && { after }),
    },
  }
}

/** Refused whole and before anything is written if any change names another user; never saved for the right one instead. */
function readChanges(changes: readonly unknown[], userId: string, now: number): SessionRequest {
  const save: SessionChange[] = []
  const refusals: Refusal[] = []
  for (const change of changes) {
    if (!isObject(change)) throw invalid('changes')
    if (change.userId !== userId) throw new LeftoffError('forbidden', 'A change names another user.')
    // An account has no epochs: those of two devices differ.
    const read = readChange({ ...change, epoch: '' }, now)
    if (read.ok) save.push(read.value)
    else refusals.push({ conversationId: `${change.conversationId}`, reason: 'invalid' })
  }
  return { save, refusals }
}

async function forgetFound({ adapter, userId, forget }: Answering, conversationId: string): Promise<void> {
  const session = await adapter.get(userId, conversationId)
  if (typeof session === 'object') await forget?.(conversationId, session.workspace)
}

/** Page by page, so that what was done stays done if the request takes too long. */
async function removeListed({ adapter, userId, forget }: Answering, workspace: string | undefined): Promise<void> {
  let after: string | undefined
  do {
    const ofWorkspace = workspace !== undefined && { workspace }
    const page = await adapter.list(userId, { limit: maxBatch, ...ofWorkspace, ...(after !== undefined && { after }) })
    await Promise.all(page.sessions.map((session) => forget?.(session.conversationId, session.workspace)))
    await adapter.remove(
      userId,
      page.sessions.map(({ conversationId }) => conversationId),
    )
    after = page.next
  } while (after !== undefined)
}

function foundOf(found: Awaited<ReturnType<SessionAdapter['get']>>): unknown {
  if (found === undefined) return null
  return typeof found === 'object' ? { state: 'found', session: found } : { state: found }
}

/** 200, or what was refused: 422 if nothing of it can ever be stored, 409 if the rows are not such that it could be. */
function refused(refusals: readonly Refusal[]): Response {
  const isInvalid = refusals.every(({ reason }) => reason === 'invalid')
  return json({ refusals }, refusals.length === 0 ? 200 : isInvalid ? 422 : 409)
}

async function withEtag(body: unknown, { userId, ifNoneMatch }: Answering): Promise<Response> {
  const etag = `"${await hashMessage(userId, body)}"`
  // A proxy that compresses makes it a weak one.
  if (ifNoneMatch?.replace(/^W\//, '') === etag) {
    return new Response(null, { status: 304, headers: { ...noStore, ETag: etag } })
  }
  return json(body, 200, { ETag: etag })
}

function json(body: unknown, status = 200, headers = {}): Response {
  return Response.json(body, { status, headers: { ...noStore, ...headers } })
}

const noStore = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

function isWorkspace(value: unknown): value is string {
  return checked(id(maxWorkspaceBytes), value).ok
}

function atMost<T>(max: number, items: readonly T[]): readonly T[] {
  if (items.length <= max) return items
  throw new RefusedRequest(refuseSessions('invalid-argument', `A request may hold ${max} changes or ids.`, 413))
}

function invalid(field: string): RefusedRequest {
  return new RefusedRequest(refuseSessions('invalid-argument', `Not a valid request for sessions: check \`${field}\`.`))
}
