import { isObject } from './checks.js'
import type { LeftoffError } from './error.js'
import type { Refusal, RefusalReason } from './session-adapter.js'

/** Makes the error for an answer that this version does not expect. */
export type UnknownForm = () => LeftoffError

/** Checks the answer to `get`; a session is given as it came. */
export function readFound(
  answer: unknown,
  unknownForm: UnknownForm,
): { readonly session: unknown } | 'removed' | 'newer-version' | undefined {
  if (answer === null) return undefined
  if (isObject(answer)) {
    const { state, session } = answer
    if (state === 'found') return { session }
    if (state === 'removed' || state === 'newer-version') return state
  }
  throw unknownForm()
}

/** Checks the answer to `save`. */
export function readRefusals(answer: unknown, unknownForm: UnknownForm): readonly Refusal[] {
  if (!Array.isArray(answer)) throw unknownForm()
  return answer.map((refusal: unknown): Refusal => {
    if (isObject(refusal)) {
      const { conversationId, reason } = refusal
      if (typeof conversationId === 'string' && isReason(reason)) return { conversationId, reason }
    }
    throw unknownForm()
  })
}

function isReason(value: unknown): value is RefusalReason {
  return value === 'removed' || value === 'unknown' || value === 'newer-version' || value === 'invalid'
}
