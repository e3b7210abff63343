import type { LeftoffError } from '../core/error.js'
import type { ConversationSession } from '../core/session.js'
import { isSameRecord, listedEntries } from './history.js'
import { openPlace } from './place.js'
import { placeIn } from './places.js'
import { pendingCount } from './queue.js'
import type { SessionState, SessionStatus, WorkspaceState } from './session-store.js'
import { nowMs, type User } from './user.js'

/** The state while no user is known; the same on a server and in the first client render. */
export const emptyState: SessionState = {
  userId: undefined,
  sessions: [],
  hasMore: false,
  currentConversationId: undefined,
  currentWorkspace: undefined,
  isResumed: false,
  openElsewhere: [],
  status: 'idle',
  workspaces: {},
  saving: { pending: 0, lastSavedAt: undefined, error: undefined },
}

/** The state of a user. What did not change in it is `previous`'s own. */
export function stateOf(user: User, previous: SessionState): SessionState {
  const place = placeIn(user, user.currentWorkspace)
  return sameOrNew(previous, {
    userId: user.userId,
    sessions: sameOrNew(previous.sessions, shownSessions(user)),
    hasMore: user.next.all !== undefined,
    currentConversationId: place?.conversationId,
    currentWorkspace: place && user.currentWorkspace,
    isResumed: place?.isResumed ?? false,
    openElsewhere: user.openElsewhere,
    status: statusOf(user),
    workspaces: workspacesOf(user, previous.workspaces),
    saving: savingOf(user, previous.saving),
  })
}

/** What is open in a workspace. */
function workspaceState(user: User, workspace: string): WorkspaceState {
  const place = user.places.get(workspace)
  const shown = openPlace(place)
  const isOpening = place?.state === 'opening' || place?.state === 'asking'
  return {
    conversationId: shown?.conversationId,
    isResumed: shown?.isResumed ?? false,
    ...(shown?.isChosen && { isChosen: true }),
    status: !place ? 'idle' : isOpening ? 'opening' : place.state === 'watching' ? 'watching' : storageStatus(user),
  }
}

/** Why the chat continues in memory, if it does. */
export function storageFailure(user: User): LeftoffError | undefined {
  return user.reading.error ?? user.saving.error
}

function workspacesOf(user: User, previous: SessionState['workspaces']): SessionState['workspaces'] {
  const states = [...user.places.keys()].map((name) => [name, sameOrNew(previous[name], workspaceState(user, name))])
  return sameOrNew(previous, Object.fromEntries(states))
}

/** The status of what the app shows. */
export function statusOf(user: User): SessionStatus {
  if (user.hasLeft) return 'idle'
  const wanted = user.wantedWorkspace === undefined ? undefined : user.places.get(user.wantedWorkspace)
  if (wanted?.state === 'opening' || wanted?.state === 'asking') return 'opening'
  if (user.currentWorkspace === undefined) return 'idle'
  return workspaceState(user, user.currentWorkspace).status
}

function storageStatus(user: User): SessionStatus {
  return storageFailure(user) ? 'degraded' : 'ready'
}

function savingOf(user: User, previous: SessionState['saving']): SessionState['saving'] {
  const { error, lastSavedAt } = user.saving
  return sameOrNew(previous, { pending: pendingCount(user), lastSavedAt, error })
}

/** The sessions as apps see them: a time that another clock set ahead shows as now. Each keeps its reference while it stays the same. */
function shownSessions(user: User): ConversationSession[] {
  const listed = listedEntries(user)
  if (listed.length === 0) return []
  const now = nowMs(user)
  return listed.flatMap(({ session }) => (session ? [noLaterThan(session, now)] : []))
}

function noLaterThan(session: ConversationSession, now: number): ConversationSession {
  const { lastActivity, startedAt } = session
  if (lastActivity <= now && startedAt <= now) return session
  return { ...session, lastActivity: Math.min(lastActivity, now), startedAt: Math.min(startedAt, now) }
}

/** `previous` if nothing in it differs, so that nothing is drawn again. */
function sameOrNew<T extends object>(previous: T | undefined, next: T): T {
  return previous && isSameRecord(previous, next) ? previous : next
}
