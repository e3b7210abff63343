import type { Refusal, RefusalReason } from '../../core/adapter.js'
import { checked, id, isObject, maxIdBytes, maxTime, object, whole } from '../../core/checks.js'
import { LeftoffError } from '../../core/error.js'
import type { ListPlace } from '../../core/list-cursor.js'

/** A page of a list as the database gives it. */
export interface PageAnswer {
  readonly sessions: readonly unknown[]
  /** Ids of rows that a later leftoff wrote. */
  readonly newer: readonly string[]
  readonly next?: ListPlace
}

/** Checks what `list_conversation_sessions` answered; its sessions are checked one by one. */
export function readPage(answer: unknown): PageAnswer {
  if (!isObject(answer) || !Array.isArray(answer.sessions) || !isArrayOfTexts(answer.newer)) {
    throw unknownForm('list_conversation_sessions')
  }
  const { sessions, newer, next } = answer
  if (next === null) return { sessions, newer }
  const read = checked(place, next)
  if (!read.ok) throw unknownForm('list_conversation_sessions')
  return { sessions, newer, next: read.value }
}

/** Checks what `get_conversation_session` answered; a session is given as it came. */
export function readFound(answer: unknown): { readonly session: unknown } | 'removed' | 'newer-version' | undefined {
  if (answer === null) return undefined
  if (isObject(answer)) {
    const { state, session } = answer
    if (state === 'found') return { session }
    if (state === 'removed' || state === 'newer-version') return state
  }
  throw unknownForm('get_conversation_session')
}

/** Checks what `save_conversation_sessions` answered. */
export function readRefusals(answer: unknown): readonly Refusal[] {
  if (!Array.isArray(answer)) throw unknownForm('save_conversation_sessions')
  return answer.map((refusal: unknown): Refusal => {
    if (isObject(refusal)) {
      const { conversationId, reason } = refusal
      if (typeof conversationId === 'string' && isReason(reason)) return { conversationId, reason }
    }
    throw unknownForm('save_conversation_sessions')
  })
}

const place = object<ListPlace>({ rank: whole(maxTime), conversationId: id(maxIdBytes) }, {})

function isReason(value: unknown): value is RefusalReason {
  return value === 'removed' || value === 'unknown' || value === 'newer-version' || value === 'invalid'
}

function isArrayOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** The error for an answer that this version does not expect. */
function unknownForm(name: string): LeftoffError {
  return new LeftoffError(
    'storage-unavailable',
    `app.${name} answered in an unknown form. Run the migrations of this version of leftoff.`,
  )
}
