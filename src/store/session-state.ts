import { byActivity } from '../core/ring.js'
import type { ConversationRecord } from './conversation-record.js'
import { isListed } from './conversation-record.js'
import type { SessionState } from './session-store.js'

/** The state before anything is known; the same on a server and in the first client render. */
export const emptyState: SessionState = {
  userId: undefined,
  sessions: [],
  currentConversationId: undefined,
  currentWorkspace: undefined,
  isResumed: false,
  openElsewhere: [],
  status: 'idle',
  saving: { pending: 0, lastSavedAt: undefined, error: undefined },
}

/** The records as history, newest activity first: `previous` itself if nothing in it changed. */
export function listSessions(
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
