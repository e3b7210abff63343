import { isId, maxTime } from './checks.js'
import { LeftoffError } from './error.js'

/** A place in a list of sessions: the rank and id of the last one before it. */
export interface ListPlace {
  readonly rank: number
  readonly conversationId: string
}

/** The place as `next` of a page. */
export function cursorOf({ rank, conversationId }: ListPlace): string {
  return `${rank} ${conversationId}`
}

/** The place that `after` names; throws `invalid-argument` if no adapter gave it. */
export function placeOf(after: string): ListPlace {
  const [, digits, conversationId] = /^(\d{1,16}(?:\.\d+)?) (.+)$/su.exec(after) ?? []
  const rank = Number(digits)
  if (rank <= maxTime && isId(conversationId)) return { rank, conversationId }
  throw new LeftoffError('invalid-argument', '`after` must be the `next` of the page before.')
}
