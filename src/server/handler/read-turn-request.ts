import { checked, id, maxIdBytes, maxWorkspaceBytes, object } from '../../core/checks.js'
import type { TurnQuery, TurnRequest } from '../../core/turn-requests.js'
import { readJsonBody } from '../read-body.js'
import { isTurnId } from '../turn-ids.js'
import { refuseTurn } from './answers.js'

/** The body of a `POST`, or the answer to one that is not a turn. */
export async function readTurnRequest(request: Request, maxBytes: number): Promise<TurnRequest | Response> {
  const read = await readJsonBody(request, maxBytes)
  if (read.status) return refuseTurn(read.status, 'not-a-turn', read.message)
  const body = read.json
  const { message, fresh = false } = body
  const found = checked(turnRequest, body)
  if (!found.ok) return wrongField(found.field)
  if (message === undefined || message === null) return wrongField('message')
  if (typeof fresh !== 'boolean') return wrongField('fresh')
  return { ...found.value, message, fresh }
}

/** The address of a `GET` or a `DELETE`, or the answer to one that names no conversation. */
export function readTurnQuery(request: Request): TurnQuery | Response {
  const query = Object.fromEntries(new URL(request.url).searchParams)
  const found = checked(turnQuery, query)
  if (!found.ok) return wrongField(found.field)
  const { after } = query
  if (after === undefined) return found.value
  // Of which turn?
  if (!/^\d{1,15}$/.test(after) || found.value.turnId === undefined) return wrongField('after')
  return { ...found.value, after: Number(after) }
}

function wrongField(field: string): Response {
  return refuseTurn(400, 'not-a-turn', `Not a valid turn request: check \`${field}\`.`)
}

const turnId = (value: unknown, field: string, latest: number): string => {
  // What is no id is no id of a conversation either, so this throws, with the field's name.
  return isTurnId(value) ? value : id(0)(value, field, latest)
}

const conversation = { workspace: id(maxWorkspaceBytes), conversationId: id(maxIdBytes) }

const turnRequest = object<Omit<TurnRequest, 'message' | 'fresh'>>({ ...conversation, turnId }, { messageId: turnId })

const turnQuery = object<Omit<TurnQuery, 'after'>>(conversation, { turnId })
