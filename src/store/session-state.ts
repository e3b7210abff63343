import { byActivity } from '../core/ring.js'
import { type ConversationRecord, isListed } from './conversation-record.js'
import type { SessionState } from './session-store.js'
import type { SessionUser } from './session-user.js'

/** The state of a user's part of the store. What did not change in it is `previous`'s own. */
export function stateOf(user: SessionUser, previous: SessionState): SessionState {
  const { userId, history, current, openElsewhere } = user
  const open = current.get()
  return {
    userId,
    sessions: listSessions(history.records, previous.sessions),
    currentConversationId: open?.conversationId,
    currentWorkspace: open?.workspace,
    isResumed: open?.isResumed ?? false,
    openElsewhere: openElsewhere(),
    status: statusOf(user),
    saving: history.saving(),
  }
}

/** The state before the user opened anything. */
export function stateBefore(user: SessionUser | undefined): SessionState {
  if (!user) return emptyState
  return { ...emptyState, userId: user.userId, sessions: listSessions(user.history.records, emptyState.sessions) }
}

/** The state before anything is known; the same on a server and in the first client render. */
const emptyState: SessionState = {
  userId: undefined,
  sessions: [],
  currentConversationId: undefined,
  currentWorkspace: undefined,
  isResumed: false,
  openElsewhere: [],
  status: 'idle',
  saving: { pending: 0, lastSavedAt: undefined, error: undefined },
}

function statusOf({ current, history }: SessionUser): SessionState['status'] {
  if (current.isOpening()) return 'resuming'
  if (!current.get()) return 'idle'
  if (current.isLost()) return 'lost'
  return history.trouble() ? 'degraded' : 'ready'
}

/** The records as history, newest activity first: `previous` itself if nothing in it changed. */
function listSessions(
  records: ReadonlyMap<string, ConversationRecord>,
  previous: SessionState['sessions'],
): SessionState['sessions'] {
  const sessions = [...records.values()]
    .filter(isListed)
    .map(({ view }) => view)
    .sort(byActivity('newest'))
  const isSame = sessions.length === previous.length && sessions.every((session, index) => session === previous[index])
  return isSame ? previous : sessions
}

/** Whether no field differs, so that nobody needs to be told. */
export function isSameState(a: SessionState, b: SessionState): boolean {
  return (
    a.userId === b.userId &&
    a.sessions === b.sessions &&
    a.currentConversationId === b.currentConversationId &&
    a.currentWorkspace === b.currentWorkspace &&
    a.isResumed === b.isResumed &&
    a.openElsewhere === b.openElsewhere &&
    a.status === b.status &&
    a.saving === b.saving
  )
}
