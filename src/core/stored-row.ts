import type { StoredRow, Titles } from './apply-change.js'
import { isId, isObject, maxTime } from './checks.js'
import { LeftoffError } from './error.js'
import type { RankedSession } from './session.js'

/** What an app sees of a stored row. */
export function sessionOf(row: StoredRow): RankedSession {
  const { userId, workspace, conversationId, startedAt, activity, messages, usage, preview, titles } = row
  const title = shownTitle(titles)
  return {
    conversationId,
    workspace,
    userId,
    startedAt,
    lastActivity: activity.at,
    messageCount: messages,
    ...(preview && preview.text !== '' && { lastMessagePreview: preview.text }),
    ...(usage && { tokenUsage: usage }),
    ...(title !== undefined && { title }),
    rank: activity.rank,
  }
}

/** A person's title, else the app's, else the first message. */
function shownTitle({ person, app, message }: Titles = {}): string | undefined {
  return person?.text || app?.text || message?.text || undefined
}

/** Whether the value is a row of a later version of leftoff, which is left alone. */
export function isNewerRow(value: unknown): boolean {
  return isObject(value) && typeof value.schemaVersion === 'number' && value.schemaVersion > 1
}

/** Newest rank first; ties by id, so that every tab shows the same order. */
export function byRank(a: Ranked, b: Ranked): number {
  if (a.rank !== b.rank) return b.rank - a.rank
  return a.conversationId < b.conversationId ? -1 : a.conversationId > b.conversationId ? 1 : 0
}

type Ranked = Pick<RankedSession, 'rank' | 'conversationId'>

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
